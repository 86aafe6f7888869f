//! ZMTP 3.0, ZeroMQ's protocol on the wire, without encryption (RFC 23, mechanism NULL): greeting, READY, frames.
//!
//! A message is one or more frames. Each frame is a byte of flags (1: more follow, 2: the size has eight bytes, 4: a
//! command), its size, and its bytes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A message as ZeroMQ has it.
pub type Frames = Vec<Vec<u8>>;

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;
/// Larger than any notebook's message; a size beyond it is not ZMTP.
const LARGEST: u64 = 1 << 30;
/// A program that connects and says nothing is not waited for longer.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection of either kind that Jupyter uses.
#[derive(Debug)]
pub enum Stream {
    /// `tcp`.
    Tcp(TcpStream),
    /// `ipc`.
    Unix(UnixStream),
}

impl Stream {
    /// A second handle: one thread reads, another writes.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    /// Ends the connection for all handles.
    pub fn close(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(std::net::Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(std::net::Shutdown::Both),
        };
    }

    fn set_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(time),
            Self::Unix(stream) => stream.set_read_timeout(time),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Greets as a socket of this type; returns the identity that the peer has given itself.
pub fn handshake(stream: &mut Stream, socket_type: &str, identity: &[u8]) -> io::Result<Option<Vec<u8>>> {
    if let Stream::Tcp(stream) = stream {
        stream.set_nodelay(true)?;
    }
    stream.set_timeout(Some(HANDSHAKE))?;
    let mut greeting = [0; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    stream.write_all(&greeting)?;
    let mut theirs = [0; 64];
    stream.read_exact(&mut theirs)?;
    if theirs[0] != 0xff || theirs[9] != 0x7f || theirs[10] < 3 || !theirs[12..].starts_with(b"NULL\0") {
        return Err(wrong("the peer does not speak ZMTP 3 with the mechanism NULL"));
    }
    let mut ready = b"\x05READY".to_vec();
    for (name, value) in [("Socket-Type", socket_type.as_bytes()), ("Identity", identity)] {
        ready.push(u8::try_from(name.len()).unwrap_or(0));
        ready.extend_from_slice(name.as_bytes());
        ready.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_be_bytes());
        ready.extend_from_slice(value);
    }
    let mut bytes = Vec::new();
    push_frame(&mut bytes, COMMAND, &ready);
    stream.write_all(&bytes)?;
    let (flags, body) = read_frame(stream)?;
    let properties = body.strip_prefix(b"\x05READY").filter(|_| flags & COMMAND != 0);
    let properties = properties.ok_or_else(|| wrong("the peer is not READY"))?;
    stream.set_timeout(None)?;
    Ok(property(properties, "identity").filter(|identity| !identity.is_empty()))
}

/// The value of READY's property of this name.
fn property(mut rest: &[u8], wanted: &str) -> Option<Vec<u8>> {
    while let Some((&length, after)) = rest.split_first() {
        let (name, after) = after.split_at_checked(length.into())?;
        let (size, after) = after.split_first_chunk::<4>()?;
        let (value, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).ok()?)?;
        if name.eq_ignore_ascii_case(wanted.as_bytes()) {
            return Some(value.to_vec());
        }
        rest = after;
    }
    None
}

/// The next message; commands between messages, which none of our sockets needs, are passed over.
pub fn read_message(from: &mut impl Read) -> io::Result<Frames> {
    let mut frames = Frames::new();
    loop {
        let (flags, body) = read_frame(from)?;
        if flags & COMMAND != 0 {
            continue;
        }
        frames.push(body);
        if flags & MORE == 0 {
            return Ok(frames);
        }
    }
}

fn read_frame(from: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut flags = [0];
    from.read_exact(&mut flags)?;
    let size = if flags[0] & LONG == 0 {
        let mut size = [0];
        from.read_exact(&mut size)?;
        size[0].into()
    } else {
        let mut size = [0; 8];
        from.read_exact(&mut size)?;
        u64::from_be_bytes(size)
    };
    if flags[0] > (MORE | LONG | COMMAND) || size > LARGEST {
        return Err(wrong("no frame of ZMTP 3"));
    }
    // What has arrived is what is allocated: a lying size costs nothing.
    let mut body = Vec::new();
    from.take(size).read_to_end(&mut body)?;
    if body.len() as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((flags[0], body))
}

/// A message's bytes on the wire.
pub fn encode(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frames.iter().map(|frame| frame.len() + 9).sum());
    for (index, frame) in frames.iter().enumerate() {
        push_frame(&mut bytes, if index + 1 < frames.len() { MORE } else { 0 }, frame);
    }
    bytes
}

fn push_frame(bytes: &mut Vec<u8>, flags: u8, body: &[u8]) {
    match u8::try_from(body.len()) {
        Ok(size) => bytes.extend_from_slice(&[flags, size]),
        Err(_) => {
            bytes.push(flags | LONG);
            bytes.extend_from_slice(&(body.len() as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_size_come_back() {
        for size in [0, 1, 255, 256, 70_000] {
            let frames = vec![vec![7; size], vec![], b"last".to_vec()];
            let mut bytes = Vec::new();
            push_frame(&mut bytes, COMMAND, b"\x04PING"); // passed over
            bytes.extend(encode(&frames));
            assert_eq!(read_message(&mut &bytes[..]).unwrap(), frames);
            let cut = &bytes[..bytes.len() - 1];
            assert!(read_message(&mut &cut[..]).is_err());
        }
        // The RFC's own form: more follow, 256 bytes, so a long size.
        assert_eq!(encode(&[vec![0; 256], vec![1]])[..9], [3, 0, 0, 0, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bytes in [&[8, 0][..], &[LONG, 255, 0, 0, 0, 0, 0, 0, 0], &[LONG, 0, 0, 0, 0, 9, 0, 0, 0]] {
            assert!(read_message(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn properties_are_found_whatever_their_case() {
        let list = b"\x0bSocket-Type\0\0\0\x03SUB\x08IDENTITY\0\0\0\x02me";
        assert_eq!(property(list, "identity").unwrap(), b"me");
        assert_eq!(property(list, "other"), None);
        assert_eq!(property(&list[..list.len() - 1], "identity"), None, "cut");
    }
}
