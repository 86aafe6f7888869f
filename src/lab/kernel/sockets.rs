//! The ZeroMQ sockets that stand between Jupyter and evcxr: ROUTER, PUB and REP that listen, DEALER and SUB that
//! connect.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::outbox::{Outbox, Parcel};
use super::zmtp::{Frames, Stream, encode, handshake, read_message};

/// Where a socket is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `tcp://IP:PORT`
    Tcp(String),
    /// `ipc://PATH`
    Ipc(PathBuf),
}

/// What a listening socket does with what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Hands on each message with its sender's identity before it.
    Router,
    /// Reads subscriptions only.
    Pub,
    /// Answers each message with itself: a heart beats.
    Rep,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Router => "ROUTER",
            Self::Pub => "PUB",
            Self::Rep => "REP",
        }
    }
}

/// Serves all who come. Without handles or threads left it waits for some.
pub(super) fn accept<S>(
    incoming: impl Iterator<Item = io::Result<S>>,
    mut serve: impl FnMut(S) -> io::Result<()>,
) {
    for stream in incoming {
        if stream.and_then(&mut serve).is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

type Hand = Arc<dyn Fn(Frames) + Send + Sync>;

/// A socket that listens.
#[derive(Clone)]
pub struct Server {
    kind: Kind,
    peers: Arc<Mutex<HashMap<u64, Peer>>>,
    hand: Hand,
    /// Counts connections and messages.
    count: Arc<AtomicU64>,
}

/// A connection. Several may give themselves the same name: clients of one Jupyter session, or one that comes again
/// before its end was seen. An answer goes to the one that spoke last.
#[derive(Clone)]
struct Peer {
    name: Vec<u8>,
    spoke: u64,
    outbox: Arc<Outbox>,
    subscriptions: Vec<Vec<u8>>,
}

impl Server {
    /// Listens; `hand` gets what is read of a ROUTER's messages, on the reading threads.
    ///
    /// # Errors
    /// The endpoint can't be had.
    pub fn bind(
        endpoint: &Endpoint,
        kind: Kind,
        hand: impl Fn(Frames) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let server = Self { kind, peers: Arc::default(), hand: Arc::new(hand), count: Arc::default() };
        let own = server.clone();
        match endpoint {
            Endpoint::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                Builder::new()
                    .spawn(move || accept(listener.incoming(), |stream| own.serve(Stream::Tcp(stream))))?;
            }
            Endpoint::Ipc(path) => {
                // A kernel that was killed leaves its socket behind, and the next has the same path.
                if std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
                    std::fs::remove_file(path)?;
                }
                let listener = UnixListener::bind(path)?;
                Builder::new()
                    .spawn(move || accept(listener.incoming(), |stream| own.serve(Stream::Unix(stream))))?;
            }
        }
        Ok(server)
    }

    /// On a thread of its own.
    fn serve(&self, stream: Stream) -> io::Result<()> {
        let own = self.clone();
        // A peer that ends, or never spoke ZMTP, is nobody's error.
        Builder::new().spawn(move || drop(own.speak(stream))).map(drop)
    }

    fn speak(&self, mut stream: Stream) -> io::Result<()> {
        let named = handshake(&mut stream, self.kind.name(), b"")?;
        // As ZeroMQ does it: a name that no peer can give itself.
        let name = named.unwrap_or_else(|| [&[0], &rand::random::<[u8; 8]>()[..]].concat());
        let outbox = Outbox::start(stream.try_clone()?)?;
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let subscriptions = Vec::new();
        let peer = Peer { name: name.clone(), spoke: number, outbox: outbox.clone(), subscriptions };
        self.locked().insert(number, peer);
        let mut reader = BufReader::new(stream);
        while !outbox.is_closed()
            && let Ok(frames) = read_message(&mut reader)
        {
            match self.kind {
                Kind::Router => {
                    if let Some(peer) = self.locked().get_mut(&number) {
                        peer.spoke = self.count.fetch_add(1, Ordering::Relaxed);
                    }
                    (self.hand)([vec![name.clone()], frames].concat());
                }
                Kind::Rep => outbox.push(Parcel { key: None, bytes: encode(&frames).into() }),
                Kind::Pub => self.subscribe(number, &frames[0]),
            }
        }
        outbox.close();
        self.locked().remove(&number);
        Ok(())
    }

    fn subscribe(&self, number: u64, frame: &[u8]) {
        let mut peers = self.locked();
        let Some(peer) = peers.get_mut(&number) else { return };
        match frame.split_first() {
            Some((1, topic)) => peer.subscriptions.push(topic.to_vec()),
            Some((0, topic)) => {
                if let Some(index) = peer.subscriptions.iter().position(|other| other == topic) {
                    peer.subscriptions.remove(index);
                }
            }
            _ => {}
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<u64, Peer>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends to the peer that the first frame names, and lets the message go if there is none.
    pub fn send(&self, frames: &[Vec<u8>]) {
        let Some((name, rest)) = frames.split_first() else { return };
        let peers = self.locked();
        let named = peers.values().filter(|peer| peer.name == *name && !peer.outbox.is_closed());
        if let Some(peer) = named.max_by_key(|peer| peer.spoke) {
            peer.outbox.push(Parcel { key: None, bytes: encode(rest).into() });
        }
    }

    /// Sends to all who have subscribed; what has a key replaces what of the same key still waits.
    pub fn publish(&self, frames: &[Vec<u8>], key: Option<&str>) {
        let parcel = Parcel { key: key.map(Into::into), bytes: encode(frames).into() };
        for peer in self.locked().values() {
            if peer.subscriptions.iter().any(|topic| frames[0].starts_with(topic)) {
                peer.outbox.push(parcel.clone());
            }
        }
    }

    /// Waits until all is written, but not beyond the deadline.
    pub fn flush(&self, deadline: Instant) {
        let outboxes: Vec<_> = self.locked().values().map(|peer| peer.outbox.clone()).collect();
        outboxes.iter().for_each(|outbox| outbox.flush(deadline));
    }
}

/// A socket that has connected.
pub struct Client {
    outbox: Arc<Outbox>,
}

impl Client {
    /// Connects as a DEALER of this identity; `hand` gets what is read, on a thread.
    ///
    /// # Errors
    /// Nobody listens there, or nobody who speaks ZMTP.
    pub fn dealer(
        endpoint: &Endpoint,
        identity: &[u8],
        hand: impl Fn(Frames) + Send + 'static,
    ) -> io::Result<Self> {
        Self::connect(endpoint, "DEALER", identity, hand)
    }

    /// Connects as a SUB and subscribes to everything.
    ///
    /// # Errors
    /// Nobody listens there, or nobody who speaks ZMTP.
    pub fn sub(endpoint: &Endpoint, hand: impl Fn(Frames) + Send + 'static) -> io::Result<Self> {
        let client = Self::connect(endpoint, "SUB", b"", hand)?;
        client.send(&[vec![1]]);
        Ok(client)
    }

    fn connect(
        endpoint: &Endpoint,
        socket_type: &str,
        identity: &[u8],
        hand: impl Fn(Frames) + Send + 'static,
    ) -> io::Result<Self> {
        let mut stream = match endpoint {
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                // To a free port of this machine a connection can come from that port: to itself.
                if stream.local_addr()? == stream.peer_addr()? {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                Stream::Tcp(stream)
            }
            Endpoint::Ipc(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        handshake(&mut stream, socket_type, identity)?;
        let outbox = Outbox::start(stream.try_clone()?)?;
        let own = outbox.clone();
        Builder::new().spawn(move || {
            let mut reader = BufReader::new(stream);
            while let Ok(frames) = read_message(&mut reader) {
                hand(frames);
            }
            own.close();
        })?;
        Ok(Self { outbox })
    }

    /// Sends a message.
    pub fn send(&self, frames: &[Vec<u8>]) {
        self.outbox.push(Parcel { key: None, bytes: encode(frames).into() });
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.outbox.close();
    }
}
