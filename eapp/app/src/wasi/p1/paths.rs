//! Functions of WASI 0.1 on paths.

use crate::bindings::wasi::filesystem::types::{DescriptorFlags, DescriptorType, OpenFlags, PathFlags};
use crate::descriptors::{Directory, File, Open};
use crate::failure::IoResult;
use crate::wasi::p1::Call;
use crate::wasi::p1::values::{APPEND, FDFLAGS, NONBLOCK, SYNCHRONOUS, flags, new_times};
use wasmstone_edge_protocol::Status;

/// How a path's last part is resolved.
fn lookup(bits: u64) -> IoResult<PathFlags> {
    Ok(if flags(bits, 1)? == 1 { PathFlags::SYMLINK_FOLLOW } else { PathFlags::empty() })
}

pub fn path_create_directory(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, path, length, ..] = call.arguments;
    let directory = call.guest.descriptors.directory(descriptor)?;
    directory.descriptor.create_directory_at(&mut call.guest.host, call.memory.text(path, length)?)
}

pub fn path_filestat_get(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, flags, path, length, result, ..] = call.arguments;
    let flags = lookup(flags)?;
    let directory = &call.guest.descriptors.directory(descriptor)?.descriptor;
    let path = call.memory.text(path, length)?;
    let stat = directory.stat_at(&mut call.guest.host, flags, path)?;
    let (inode, _) = directory.hash_at(&mut call.guest.host, flags, path)?;
    call.put_filestat(result, &stat, inode)
}

pub fn path_filestat_set_times(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, flags, path, length, accessed, modified, fstflags, ..] = call.arguments;
    let (flags, times) = (lookup(flags)?, new_times(accessed, modified, fstflags)?);
    let directory = call.guest.descriptors.directory(descriptor)?;
    let path = call.memory.text(path, length)?;
    directory.descriptor.set_times_at(&mut call.guest.host, flags, path, times)
}

pub fn path_link(call: &mut Call<'_>) -> IoResult<()> {
    let [from, flags, path, length, to, new_path, new_length, ..] = call.arguments;
    let flags = lookup(flags)?;
    let (from, to) = call.guest.descriptors.directories(from, to)?;
    let (path, new_path) = (call.memory.text(path, length)?, call.memory.text(new_path, new_length)?);
    from.link_at(&mut call.guest.host, flags, path, to, new_path)
}

pub fn path_open(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, path_flags, path, length, oflags, rights, inheriting, fdflags, result] = call.arguments;
    let (path_flags, oflags, fdflags) = (lookup(path_flags)?, flags(oflags, 0xf)?, flags(fdflags, FDFLAGS)?);
    flags(rights | inheriting, call.rights())?;
    let path = call.memory.text(path, length)?;
    let open_flags =
        [(1, OpenFlags::CREATE), (2, OpenFlags::DIRECTORY), (4, OpenFlags::EXCLUSIVE), (8, OpenFlags::TRUNCATE)];
    let open_flags = open_flags.into_iter().filter(|(bit, _)| oflags & bit != 0);
    let open_flags = open_flags.fold(OpenFlags::empty(), |all, (_, flag)| all | flag);
    // Of the rights, only these have a meaning.
    let mut wanted = DescriptorFlags::empty();
    for (bits, set, flag) in [
        (rights, 1 << 1, DescriptorFlags::READ),
        (rights, 1 << 6, DescriptorFlags::WRITE),
        // All of these are refused alike.
        (fdflags, SYNCHRONOUS, DescriptorFlags::FILE_INTEGRITY_SYNC),
    ] {
        if bits & set != 0 {
            wanted |= flag;
        }
    }
    let guest = &mut *call.guest;
    let directory = match guest.descriptors.get(descriptor)? {
        Open::Directory(directory) => directory,
        Open::File(_) => return Err(Status::NotDirectory.into()),
        Open::Input | Open::Output(_) => return Err(Status::BadDescriptor.into()),
    };
    let opened = directory.descriptor.open_at(&mut guest.host, guest.id, path_flags, path, open_flags, wanted)?;
    let number = guest.descriptors.push(match opened.kind {
        DescriptorType::Directory => Open::Directory(Directory::new(opened, None)),
        _ => Open::File(File::new(opened, fdflags & APPEND != 0, fdflags & NONBLOCK != 0)),
    });
    Ok(call.memory.put_number(result, number)?)
}

pub fn path_readlink(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, path, length, buffer, size, result, ..] = call.arguments;
    let directory = call.guest.descriptors.directory(descriptor)?;
    let target = directory.descriptor.readlink_at(&mut call.guest.host, call.memory.text(path, length)?)?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let target = target.as_bytes().get(..size).unwrap_or(target.as_bytes());
    call.memory.put(buffer, target)?;
    // At most a payload, which fits.
    Ok(call.memory.put_number(result, target.len() as u32)?)
}

pub fn path_remove_directory(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, path, length, ..] = call.arguments;
    let directory = call.guest.descriptors.directory(descriptor)?;
    directory.descriptor.remove_directory_at(&mut call.guest.host, call.memory.text(path, length)?)
}

pub fn path_rename(call: &mut Call<'_>) -> IoResult<()> {
    let [from, path, length, to, new_path, new_length, ..] = call.arguments;
    let (from, to) = call.guest.descriptors.directories(from, to)?;
    let (path, new_path) = (call.memory.text(path, length)?, call.memory.text(new_path, new_length)?);
    from.rename_at(&mut call.guest.host, path, to, new_path)
}

pub fn path_symlink(call: &mut Call<'_>) -> IoResult<()> {
    let [target, target_length, descriptor, path, length, ..] = call.arguments;
    let directory = call.guest.descriptors.directory(descriptor)?;
    let (target, path) = (call.memory.text(target, target_length)?, call.memory.text(path, length)?);
    directory.descriptor.symlink_at(&mut call.guest.host, target, path)
}

pub fn path_unlink_file(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, path, length, ..] = call.arguments;
    let directory = call.guest.descriptors.directory(descriptor)?;
    directory.descriptor.unlink_file_at(&mut call.guest.host, call.memory.text(path, length)?)
}
