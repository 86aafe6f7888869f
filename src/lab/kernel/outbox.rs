//! What waits to be written to one peer. The sender never waits; of pictures that replace each other only the newest
//! waits, everything else in order, and a peer that has stopped reading is given up.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::zmtp::Stream;

/// Bytes that may wait for one peer. A peer that lets more wait has stalled: its connection is closed, which tells it
/// that it has missed something, and it may come again.
pub const LIMIT: usize = 256 << 20;

/// A queue with a thread that writes it.
#[derive(Debug, Default)]
pub struct Outbox {
    state: Mutex<State>,
    change: Condvar,
    /// Closed from here, for a write to a stalled peer waits for ever.
    stream: Option<Stream>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Parcel>,
    bytes: usize,
    writing: bool,
    closed: bool,
}

/// A message's bytes; of two with the same key only the later is worth sending.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// What replaces each other.
    pub key: Option<Arc<str>>,
    /// The message as it goes on the wire.
    pub bytes: Arc<[u8]>,
}

impl Outbox {
    /// Writes to this stream on a thread of its own, until either side closes it.
    ///
    /// # Errors
    /// The system gives no more handles or threads.
    pub fn start(mut stream: Stream) -> io::Result<Arc<Self>> {
        let outbox = Arc::new(Self { stream: Some(stream.try_clone()?), ..Self::default() });
        let own = outbox.clone();
        Builder::new().spawn(move || {
            while let Some(bytes) = own.next() {
                if stream.write_all(&bytes).is_err() {
                    break;
                }
            }
            own.close();
        })?;
        Ok(outbox)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message behind the others.
    pub fn push(&self, parcel: Parcel) {
        let mut state = self.locked();
        if state.closed {
            return;
        }
        if parcel.key.is_some()
            && let Some(older) = state.queue.iter().position(|other| other.key == parcel.key)
            && let Some(older) = state.queue.remove(older)
        {
            state.bytes -= older.bytes.len();
        }
        state.bytes += parcel.bytes.len();
        state.queue.push_back(parcel);
        if state.bytes > LIMIT {
            self.end(&mut state);
        }
        self.change.notify_all();
    }

    fn next(&self) -> Option<Arc<[u8]>> {
        let mut state = self.locked();
        state.writing = false;
        self.change.notify_all();
        loop {
            if state.closed {
                return None;
            }
            if let Some(parcel) = state.queue.pop_front() {
                state.bytes -= parcel.bytes.len();
                state.writing = true;
                return Some(parcel.bytes);
            }
            state = self.change.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes no more, and closes the connection.
    pub fn close(&self) {
        self.end(&mut self.locked());
    }

    fn end(&self, state: &mut State) {
        (state.closed, state.bytes) = (true, 0);
        state.queue.clear();
        self.stream.iter().for_each(Stream::close);
        self.change.notify_all();
    }

    /// Whether nothing more will be written.
    pub fn is_closed(&self) -> bool {
        self.locked().closed
    }

    /// Waits until all is written, but not beyond the deadline.
    pub fn flush(&self, deadline: Instant) {
        let mut state = self.locked();
        while !state.closed && (state.writing || !state.queue.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            state = self.change.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(key: Option<&str>, text: &str) -> Parcel {
        Parcel { key: key.map(Into::into), bytes: text.as_bytes().into() }
    }

    #[test]
    fn only_what_is_replaced_is_left_out() {
        let outbox = Outbox::default();
        for (key, text) in [
            (None, "first"),
            (Some("bar"), "bar 1"),
            (Some("figure"), "figure 1"),
            (None, "second"),
            (Some("bar"), "bar 2"),
            (Some("bar"), "bar 3"),
            (None, "first"),
        ] {
            outbox.push(parcel(key, text));
        }
        let written: Vec<_> = (0..5).map(|_| String::from_utf8(outbox.next().unwrap().to_vec())).collect();
        let written: Vec<_> = written.into_iter().map(|text| text.unwrap()).collect();
        assert_eq!(written, ["first", "figure 1", "second", "bar 3", "first"]);
        assert_eq!(outbox.locked().bytes, 0);
    }

    #[test]
    fn a_stalled_peer_is_given_up_at_the_limit() {
        let outbox = Outbox::default();
        let half: Arc<[u8]> = vec![0; LIMIT / 2].into();
        for _ in 0..2 {
            outbox.push(Parcel { key: None, bytes: half.clone() });
            assert!(!outbox.is_closed());
        }
        // Updates of one picture never come near it.
        outbox.push(parcel(None, "more"));
        assert!(outbox.is_closed());
        let outbox = Outbox::default();
        for _ in 0..100 {
            outbox.push(Parcel { key: Some("figure".into()), bytes: half.clone() });
        }
        assert!(!outbox.is_closed());
    }

    #[test]
    fn who_was_given_up_sees_the_connection_end() {
        let (own, mut peer) = std::os::unix::net::UnixStream::pair().unwrap();
        let outbox = Outbox::start(Stream::Unix(own)).unwrap();
        let half: Arc<[u8]> = vec![0; LIMIT / 2].into();
        // One is being written, two may wait.
        (0..4).for_each(|_| outbox.push(Parcel { key: None, bytes: half.clone() }));
        assert!(outbox.is_closed() && outbox.locked().queue.is_empty());
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let read = io::copy(&mut peer, &mut io::sink()).expect("the connection is open");
        assert!(read < LIMIT as u64 / 2);
    }
}
