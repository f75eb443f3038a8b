//! Connections that can be cut, and answers that go wrong on their way.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A listener whose connections can be cut from within.
pub(super) struct Wires(pub(super) TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Wire { stream, cut: Cut::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Whether a connection is cut. The handler of a request and the connection that it came on share
/// it.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Cuts the connection: what is not on the wire yet is never sent.
    pub(super) fn cut(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Wires>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().cut.clone()
    }
}

/// A connection.
pub(super) struct Wire {
    stream: TcpStream,
    cut: Cut,
}

impl Wire {
    fn is_cut(&self) -> bool {
        self.cut.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> io::Result<()> {
        match self.is_cut() {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.is_cut() {
            // Where it fails, the other side sees an orderly end in the wrong place.
            let _reset = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Whether the server is about to stop.
pub(super) type Stopping = watch::Receiver<bool>;

/// Lets time pass, but not while the server wants to stop.
pub(super) async fn pass(time: Duration, stopping: &mut Stopping) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = stopped(stopping) => {}
    }
}

/// Waits until the server wants to stop.
pub(super) async fn stopped(stopping: &mut Stopping) {
    // An error means that the server is gone already.
    let _stopped = stopping.wait_for(|is_stopping| *is_stopping).await;
}

/// The first half of a body, after which the connection is cut.
pub(super) fn half_of(body: &Bytes, cut: Cut) -> Body {
    let half = body.slice(..body.len() / 2);
    let pieces = stream::unfold((Some(half), cut), |(half, cut)| async move {
        match half {
            Some(half) => Some((Ok(half), (None, cut))),
            None => {
                // The half is written while this waits for its turn.
                tokio::task::yield_now().await;
                cut.cut();
                let cut_short = io::Error::from(io::ErrorKind::ConnectionReset);
                Some((Err(cut_short), (None, cut)))
            }
        }
    });
    Body::from_stream(pieces)
}

/// How many pieces a dripping body has at most.
const N_DRIPS: u32 = 10;

/// A body in pieces spread over so much time; if there is nothing of it, its end takes as long.
pub(super) fn dripping(body: Bytes, time: Duration, stopping: Stopping) -> Body {
    Body::from_stream(drips(body, time, stopping))
}

fn drips(body: Bytes, time: Duration, stopping: Stopping) -> impl Stream<Item = io::Result<Bytes>> {
    let size = body.len().div_ceil(N_DRIPS as usize).max(1);
    let before_end = if body.is_empty() { time } else { Duration::ZERO };
    stream::unfold((body, stopping), move |(mut body, mut stopping)| async move {
        if body.is_empty() {
            pass(before_end, &mut stopping).await;
            return None;
        }
        pass(time / N_DRIPS, &mut stopping).await;
        let piece = body.split_to(size.min(body.len()));
        Some((Ok(piece), (body, stopping)))
    })
}
