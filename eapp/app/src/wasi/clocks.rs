//! `wasi:clocks`, answered inside.

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::guest::Guest;
use crate::wasi::poll::Pollable;
use wasmtime::{Result, component::Resource};

impl monotonic_clock::Host for Guest {
    fn now(&mut self) -> Result<u64> {
        Ok(self.host.elapsed())
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(self.host.clock.resolution().into())
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<Pollable>> {
        Ok(self.table.push(Pollable::At(when))?)
    }

    fn subscribe_duration(&mut self, duration: u64) -> Result<Resource<Pollable>> {
        // A time too far away to be represented is centuries ahead in any case.
        let when = self.host.elapsed().saturating_add(duration);
        Ok(self.table.push(Pollable::At(when))?)
    }
}

impl wall_clock::Host for Guest {
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        let (seconds, nanoseconds) = self.host.clock.wall(self.host.channel.platform().ticks());
        Ok(wall_clock::Datetime { seconds, nanoseconds })
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: self.host.clock.resolution() })
    }
}
