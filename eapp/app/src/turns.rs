//! Taking turns: a guest that waits gives the host back, so that others run until it has what it waits for.

use crate::host::Host;
use crate::wasi::poll::Inquiry;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::mem::swap;
use core::pin::Pin;
use core::task::{Context, Poll};
use spinning_top::Spinlock;

/// Where a guest and whoever runs it leave things for each other. There is one thread, so the lock is
/// never held when the other side takes it.
#[derive(Clone)]
pub struct Seat(Arc<Spinlock<Left>>);

/// What was left.
struct Left {
    /// The host, or nothing worth the name while the other side has it.
    host: Box<Host>,
    /// What the guest waits for; then the same with answers.
    inquiry: Option<Inquiry>,
}

impl Seat {
    /// A seat for a guest that has not run yet.
    pub fn new() -> Self {
        Self(Arc::new(Spinlock::new(Left { host: Box::new(Host::absent()), inquiry: None })))
    }

    /// Exchanges hosts.
    pub fn swap(&self, host: &mut Box<Host>) {
        swap(&mut self.0.lock().host, host);
    }

    /// What the guest waits for, if it does.
    pub fn take(&self) -> Option<Inquiry> {
        self.0.lock().inquiry.take()
    }

    /// What came of it, before the guest's next turn.
    pub fn answer(&self, inquiry: Inquiry) {
        self.0.lock().inquiry = Some(inquiry);
    }

    /// Lets the others run until there is an answer.
    pub async fn wait(&self, host: &mut Box<Host>, inquiry: Inquiry) -> Inquiry {
        self.swap(host);
        self.answer(inquiry);
        Yield(false).await;
        self.swap(host);
        self.take().unwrap_or_default()
    }
}

/// Is ready when it is asked again.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if core::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
