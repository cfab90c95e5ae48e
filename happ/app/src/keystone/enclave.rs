//! The life of an enclave: from CREATE to DESTROY.

use super::KeystoneError;
use super::abi::{Create, PAGE, Request};
use super::driver::Device;
use super::gate::Gate;
use super::mapping::Mapping;
use super::memory::is_aligned;
use rustix::io::Errno;
use std::sync::atomic::{AtomicBool, Ordering};

/// The smallest shared buffer that the driver makes.
const SMALLEST_BUFFER: u64 = 2 * PAGE;

/// An enclave that is being built. If it is dropped unfinished, its memory goes back to the kernel.
pub struct Forming<D: Device> {
    /// `None` once dropping has nothing left to do.
    device: Option<D>,
    eid: u64,
    address: u64,
    size: u64,
    /// The bytes of the shared buffer; 0 if there is none.
    buffer: u64,
}

/// Where the files begin in private memory, in bytes; the loader lies at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    runtime: u64,
    image: u64,
    free: u64,
}

impl<D: Device> Forming<D> {
    /// CREATE: sets `size` bytes aside.
    ///
    /// # Errors
    /// [`KeystoneError`]. If the kernel lacks the memory, it may crash instead, see [`super::memory`].
    pub fn create(device: D, size: u64) -> Result<Self, KeystoneError> {
        let mut create = Create { min_pages: size / PAGE, ..Create::default() };
        device.request(Request::Create, &mut create).map_err(KeystoneError::device("set memory aside"))?;
        let Create { eid, epm_paddr: address, epm_size, .. } = create;
        let forming = Self { device: Some(device), eid, address, size: epm_size, buffer: 0 };
        if epm_size < size {
            return Err(KeystoneError::device("set memory aside")(Errno::NOMEM));
        }
        if !is_aligned(address, epm_size) {
            return Err(KeystoneError::Misaligned { address });
        }
        Ok(forming)
    }

    /// UTM_INIT: makes the shared buffer of `size` bytes, a power of two of pages.
    ///
    /// # Errors
    /// [`KeystoneError`].
    pub fn add_buffer(&mut self, size: u64) -> Result<(), KeystoneError> {
        self.init_buffer(size).map_err(KeystoneError::device("make the shared buffer"))
    }

    fn init_buffer(&mut self, size: u64) -> Result<(), Errno> {
        let Some(device) = &self.device else { return Ok(()) };
        device.request(Request::UtmInit, &mut Create { eid: self.eid, utm_size: size, ..Create::default() })?;
        self.buffer = size;
        Ok(())
    }

    /// Copies the files, one after the other, each filled up with zeros to a page.
    ///
    /// # Errors
    /// [`KeystoneError`]; nothing is written outside the private memory.
    pub fn copy(&mut self, [loader, runtime, image]: [&[u8]; 3]) -> Result<Places, KeystoneError> {
        let runtime_place = self.copy_file(0, loader)?;
        let image_place = self.copy_file(runtime_place, runtime)?;
        let free = self.copy_file(image_place, image)?;
        Ok(Places { runtime: runtime_place, image: image_place, free })
    }

    /// Returns where the next file begins.
    fn copy_file(&self, mut place: u64, file: &[u8]) -> Result<u64, KeystoneError> {
        for content in file.chunks(PAGE as usize) {
            let mut page = [0; PAGE as usize];
            page.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
            let written = match &self.device {
                Some(device) if place < self.size => device.write_page(place, &page),
                _ => Err(Errno::NOSPC),
            };
            written.map_err(KeystoneError::device("take the files"))?;
            place += PAGE;
        }
        Ok(place)
    }

    /// FINALIZE: makes the security monitor measure the files; the shared buffer can be used afterwards.
    ///
    /// # Errors
    /// [`KeystoneError`].
    pub fn finalize(mut self, places: Places) -> Result<Enclave<D>, KeystoneError> {
        let mut finalize = self.places(places);
        let Some(device) = self.device.take() else { return Err(KeystoneError::device("go on")(Errno::BADF)) };
        // If FINALIZE fails, the driver has freed all memory but still lists the enclave: a DESTROY would touch
        // memory that may belong to another process. It is best to close the device soon.
        match device.request(Request::Finalize, &mut finalize) {
            Err(Errno::INVAL) => return Err(KeystoneError::Busy(Errno::INVAL.into())),
            result => result.map_err(KeystoneError::device("measure the enclave"))?,
        }
        let size = usize::try_from(self.buffer).unwrap_or(usize::MAX);
        match device.map_buffer(size) {
            Ok(buffer) => {
                Ok(Enclave { device, eid: self.eid, buffer, gate: Gate::default(), destroyed: AtomicBool::new(false) })
            }
            Err(error) => {
                let _ = destroy(&device, self.eid);
                Err(KeystoneError::device("share memory")(error))
            }
        }
    }

    fn places(&self, Places { runtime, image, free }: Places) -> Create {
        Create {
            eid: self.eid,
            runtime_paddr: self.address + runtime,
            user_paddr: self.address + image,
            free_paddr: self.address + free,
            free_requested: self.size - free,
            ..Create::default()
        }
    }

    /// Frees the memory. The driver destroys only enclaves that the security monitor knows, so the enclave is
    /// measured first, as if it held no files, which takes no time.
    fn give_up(&mut self) {
        if self.buffer == 0 && self.init_buffer(SMALLEST_BUFFER).is_err() {
            // Without a buffer the enclave must not be measured: the monitor would clear whatever memory the driver
            // names. The enclave's memory is lost until the machine reboots.
            return;
        }
        let mut nothing = self.places(Places { runtime: 0, image: 0, free: 0 });
        if let Some(device) = self.device.take()
            && device.request(Request::Finalize, &mut nothing).is_ok()
        {
            // If this fails, there is nothing left to try.
            let _ = destroy(&device, self.eid);
        }
    }
}

impl<D: Device> Drop for Forming<D> {
    fn drop(&mut self) {
        if self.device.is_some() {
            self.give_up();
        }
    }
}

/// An enclave that can run.
pub struct Enclave<D: Device> {
    /// The driver.
    pub device: D,
    /// The driver's number for the enclave.
    pub eid: u64,
    /// The buffer shared with it.
    pub buffer: Mapping,
    /// The gate that decides whether a thread may enter.
    pub gate: Gate,
    destroyed: AtomicBool,
}

impl<D: Device> Enclave<D> {
    /// DESTROY: frees the memory, once; to be called when the gate is closed and no thread is inside. A thread that
    /// still answers the enclave's edge calls may write to the shared buffer without harm.
    ///
    /// # Errors
    /// [`KeystoneError::Device`].
    pub fn destroy(&self) -> Result<(), KeystoneError> {
        if self.destroyed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let destroyed = self.buffer.detach().and_then(|()| destroy(&self.device, self.eid));
        destroyed.map_err(KeystoneError::device("give the enclave's memory back"))
    }
}

impl<D: Device> Drop for Enclave<D> {
    fn drop(&mut self) {
        // A thread that is inside would hold a reference to the enclave, so none is.
        let _ = self.destroy();
    }
}

fn destroy(device: &impl Device, eid: u64) -> Result<(), Errno> {
    device.request(Request::Destroy, &mut Create { eid, ..Create::default() })
}
