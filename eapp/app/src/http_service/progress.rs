//! The results of clients' and instances' turns, and how the service continues.

use super::{HttpService, client::Client, client::Progress, instance::Finished, instance::Instance, instance::Request};
use crate::ending::Ending;
use crate::http1::{encode::Asked, encode::Encoder, status::is_final};
use crate::wasi::http::outparam::{Answer, Response};
use alloc::{format, vec::Vec};
use core::fmt::Arguments;
use wasmstone_edge_protocol::{handle, io, types::HandleRequest};
use wasmtime::{Result, format_err};

/// The most bytes of memory that each of these keeps in all: requests that have not come completely, requests that
/// wait for an instance, responses that are taken slowly. Beyond that, clients are refused: in the first two cases
/// those that hold more than [`HELD_EACH`], in the last the slowest.
const HELD_MAX: usize = 3 << 19;
const HELD_EACH: usize = 1 << 10;

/// The most bytes of what is reported about an instance that failed.
const REPORT_MAX: usize = 4096;

impl HttpService {
    /// Continues to read what a client sends.
    pub(super) fn advance_client(&mut self, id: u32) -> Result<()> {
        let now = self.host.elapsed();
        let Some(client) = self.clients.get_mut(&id) else { return Ok(()) };
        let mut progress = client.advance(&mut self.host, now)?;
        if client.held() > HELD_EACH && self.held() > HELD_MAX {
            let Some(client) = self.clients.get_mut(&id) else { return Ok(()) };
            progress = client.send_away(&mut self.host, now)?;
        }
        self.handle_progress(id, progress)
    }

    /// Bytes that are kept of requests that have not come completely.
    fn held(&self) -> usize {
        self.clients.values().map(Client::held).sum()
    }

    pub(super) fn handle_progress(&mut self, id: u32, progress: Progress) -> Result<()> {
        match progress {
            Progress::Waits => Ok(()),
            Progress::Closed => self.disconnect(id),
            Progress::Request(head) => {
                let queued: usize = self.queue.iter().map(|(_, request)| request.held).sum();
                let Some(client) = self.clients.get_mut(&id) else { return Ok(()) };
                let request = Request::new(head, client.connection.clone());
                if request.held > HELD_EACH && queued.saturating_add(request.held) > HELD_MAX {
                    let now = self.host.elapsed();
                    let progress = client.send_away(&mut self.host, now)?;
                    return self.handle_progress(id, progress);
                }
                self.queue.push_back((id, request));
                Ok(())
            }
        }
    }

    /// Ends a client's connection.
    fn disconnect(&mut self, id: u32) -> Result<()> {
        if let Some(client) = self.clients.remove(&id) {
            client.connection.lock().close(&mut self.host)?;
        }
        Ok(())
    }

    /// Runs one turn of an instance.
    pub(super) fn run_turn(&mut self, id: u32) -> Result<()> {
        loop {
            let Some(instance) = self.instances.get_mut(&id) else { return Ok(()) };
            let finished = instance.run_turn(&mut self.host);
            // A host that broke the contract is not spoken to again.
            if let Some(violation) = finished.as_ref().and_then(Finished::violation) {
                return Err(violation.into());
            }
            let answer = instance.request.slot.lock().take();
            let has_answered = answer.is_some();
            if let Some(answer) = answer {
                let request = instance.request.clone();
                let keep_alive = self.respond(&request, answer)?;
                self.instances.entry(id).and_modify(|instance| instance.keep_alive = Some(keep_alive));
            }
            return match finished {
                Some(finished) => self.finish(id, finished),
                // It may wait for its own response to be sent, which has begun only now.
                None if has_answered => continue,
                None if self.instances.get(&id).is_some_and(Instance::waits_for_nothing) => {
                    let error = format_err!("it waits, and nothing can come");
                    self.finish(id, Finished::Failed(error))
                }
                None => Ok(()),
            };
        }
    }

    /// Begins to send a response. The result is whether the connection is kept after it.
    fn respond(&mut self, request: &Request, answer: Answer) -> Result<bool> {
        let response = match answer {
            Ok(response) if is_final(response.status) => response,
            Ok(response) => {
                self.report(format_args!("{} is not a final HTTP status", response.status))?;
                Response::failed()
            }
            Err(error) => {
                self.report(format_args!("the program gave up: {error:?}"))?;
                Response::failed()
            }
        };
        let asked = Asked {
            head: request.head.method == "HEAD",
            is_1_0: request.head.is_1_0,
            trailers: request.head.fields.has_member("te", "trailers"),
            keep_alive: request.head.keep_alive && !self.is_stopping,
        };
        let Response { status, fields, body } = response;
        let wall = self.host.wall_seconds();
        let mut head = Vec::new();
        let encoder = Encoder::response(&mut head, status, &fields, body.is_some(), asked, wall);
        request.connection.lock().begin_message(encoder, head, body);
        Ok(asked.keep_alive)
    }

    /// Ends an instance.
    fn finish(&mut self, id: u32, finished: Finished) -> Result<()> {
        let Some(instance) = self.instances.remove(&id) else { return Ok(()) };
        self.host.close_all(id)?;
        // The bytes that the instance held ahead are gone with it, except for those that its client's own connection
        // holds.
        let kept = instance.request.connection.lock().transport.input.buffer.held();
        self.host.read_ahead = self.host.read_ahead.saturating_sub(instance.read_ahead.saturating_sub(kept));
        match finished {
            Finished::Returned if instance.keep_alive.is_some() => instance.request.connection.lock().complete_body(),
            Finished::Returned => self.report(format_args!("the program gave no response"))?,
            Finished::NoRoom(_) if !self.instances.is_empty() => {
                // Another instance will end and leave its memory.
                self.is_full = true;
                self.queue.push_front((instance.client, instance.request));
                return Ok(());
            }
            Finished::NoRoom(error) => self.report(format_args!("{error:?}"))?,
            Finished::Failed(error) => match Ending::from_run(error) {
                Ending::Exited(code) => self.report(format_args!("the program exited with code {code}"))?,
                Ending::Trap(why) => self.report(format_args!("the program trapped: {why}"))?,
                ending => self.report(format_args!("{ending:?}"))?,
            },
        }
        self.is_full = false;
        let keep_alive = match instance.keep_alive {
            Some(keep_alive) => keep_alive,
            None => self.respond(&instance.request, Ok(Response::failed()))?,
        };
        let now = self.host.elapsed();
        let Some(client) = self.clients.get_mut(&instance.client) else { return Ok(()) };
        let progress = client.finish_response(&mut self.host, now, keep_alive && !self.is_stopping)?;
        let is_slow = client.unsent() > 0;
        self.handle_progress(instance.client, progress)?;
        if is_slow { self.disconnect_slowest() } else { Ok(()) }
    }

    /// Ends the connections of the clients that take their responses most slowly, while these hold too much.
    fn disconnect_slowest(&mut self) -> Result<()> {
        while self.clients.values().map(Client::unsent).sum::<usize>() > HELD_MAX {
            let slow = self.clients.iter().filter(|(_, client)| client.unsent() > 0);
            let slowest = slow.min_by_key(|(_, client)| client.wait().and_then(|wait| wait.deadline));
            let Some((id, _)) = slowest else { break };
            self.disconnect(*id)?;
        }
        Ok(())
    }

    /// Reports to the operator why a request failed.
    fn report(&mut self, why: Arguments<'_>) -> Result<()> {
        let mut text = format!("wasmstone: a request failed: {why}");
        text.truncate(text.floor_char_boundary(REPORT_MAX));
        text.push('\n');
        // The status does not matter: an operator who has closed standard error reads no reports.
        let request = HandleRequest { handle: handle::STDERR.into() };
        let _ = self.host.channel.call::<io::Write>(&request, &[text.as_bytes()], 0)?;
        Ok(())
    }
}
