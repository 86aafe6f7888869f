//! Between Jupyter and evcxr: both speak Jupyter's protocol over ZeroMQ, and all messages pass through here.
//!
//! Most pass unchanged, byte for byte. Training code shows its progress ([`live`]), which evcxr can't
//! send before a cell ends: it becomes `display_data` and `update_display_data`. The first interrupt of a cell that trains
//! goes to the training, which returns after its step; evcxr would kill the process with all variables ([`relay`]). And a
//! cell that panics or ends by a failing `?` has failed ([`failure`]); to know that, stderr waits for a moment here.
//!
//! Besides: error replies get the fields that evcxr leaves out. Requests of `shell` queue here, and cells behind one that
//! failed or was interrupted are called off. Buffers are left out, which evcxr can't read. The heart beats here. If no cell
//! runs, an interrupt is answered here; if evcxr fails itself, so are cells.
//!
//! The sockets are our own ([`zmtp`], [`outbox`], [`sockets`]): each frontend has a queue in which an update that was
//! not yet sent gives way to a newer one, so that a slow frontend neither holds up training nor piles up pictures. Crates
//! for ZeroMQ keep their queues to themselves.

pub mod back;
pub mod connection;
pub mod failure;
pub mod live;
pub mod message;
pub mod outbox;
pub mod relay;
pub mod sockets;
#[cfg(test)]
mod tests;
pub mod zmtp;
