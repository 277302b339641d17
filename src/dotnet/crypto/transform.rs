//! `ICryptoTransform`: an encryption or decryption under way.
//!
//! Source: dotnet/runtime, Internal/Cryptography/UniversalCryptoTransform.cs, UniversalCryptoEncryptor.cs, UniversalCryptoDecryptor.cs.

use super::{
    DECRYPTOR, ENCRYPTOR,
    block::{Block, Direction, Mode, Padding, run},
    bytes, cryptographic, dispose, disposed,
    hash::{self, Hash},
    instance, integer, outside, own, own_mut,
};
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range, raise},
    heap::Object,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    value::Value,
};

/// An encryption or decryption under way.
#[derive(Clone, Debug)]
pub struct Transform {
    block: Block,
    mode: Mode,
    padding: Padding,
    direction: Direction,
    /// The initialization vector: where the register begins anew.
    start: Vec<u8>,
    register: Vec<u8>,
    /// The last block of a decryption waits: it may hold the padding.
    held: Vec<u8>,
    disposed: bool,
}

instance!(Transform, this => if this.direction == Direction::Encrypt { &ENCRYPTOR } else { &DECRYPTOR });

impl Transform {
    /// A transform at its beginning.
    pub fn new(block: Block, mode: Mode, padding: Padding, direction: Direction, start: Vec<u8>) -> Self {
        let start = if start.is_empty() { vec![0; block.size()] } else { start };
        Self { block, mode, padding, direction, register: start.clone(), start, held: Vec::new(), disposed: false }
    }

    /// `Dispose()`
    pub fn dispose(&mut self) {
        self.disposed = true;
    }

    /// What padding fills up.
    fn unit(&self) -> usize {
        match self.mode {
            Mode::Cfb(feedback) => feedback,
            _ => self.block.size(),
        }
    }

    fn apply(&mut self, data: &mut [u8]) {
        run(&self.block, self.mode, self.direction, &mut self.register, data);
    }

    /// Whole blocks in the middle.
    fn middle(&mut self, data: Vec<u8>) -> Vec<u8> {
        let mut data = data;
        if self.direction == Direction::Decrypt && self.padding.is_removable() {
            let mut all = std::mem::take(&mut self.held);
            all.append(&mut data);
            self.held = all.split_off(all.len().saturating_sub(self.block.size()));
            data = all;
        }
        self.apply(&mut data);
        data
    }

    /// The end, after which the transform stands at its beginning again.
    pub fn finish(&mut self, mut data: Vec<u8>, chance: impl FnMut() -> u8) -> Result<Vec<u8>, Raise> {
        let unit = self.unit();
        match self.direction {
            Direction::Encrypt if !self.padding.pad(&mut data, unit, chance) => return Err(partial_block()),
            Direction::Decrypt if !data.len().is_multiple_of(unit) => return Err(partial_block()),
            _ => {}
        }
        if !self.held.is_empty() {
            let mut all = std::mem::take(&mut self.held);
            all.append(&mut data);
            data = all;
        }
        self.apply(&mut data);
        self.register.clone_from(&self.start);
        if self.direction == Direction::Decrypt && !self.padding.unpad(&mut data, unit.max(self.block.size())) {
            return Err(cryptographic("Padding is invalid and cannot be removed."));
        }
        Ok(data)
    }
}

fn partial_block() -> Raise {
    cryptographic("The input data is not a complete block.")
}

/// The whole of some data at once.
pub fn whole(runtime: &mut Runtime<'_>, mut transform: Transform, data: Vec<u8>) -> Result<Vec<u8>, Raise> {
    runtime.work(data.len().saturating_mul(8))?;
    let environment = &mut *runtime.environment;
    transform.finish(data, || environment.random() as u8)
}

/// Writes into the array in an argument.
pub fn write(call: &mut Call<'_, '_>, index: usize, offset: i64, given: &[u8]) -> Result<(), Raise> {
    let target = match call.argument(index) {
        Value::Object(reference) => call.runtime.heap.get_mut(*reference),
        _ => None,
    };
    let Some(Object::Bytes(target)) = target else { return Ok(()) };
    match usize::try_from(offset).ok().and_then(|start| target.get_mut(start..start.checked_add(given.len())?)) {
        Some(target) => {
            target.copy_from_slice(given);
            Ok(())
        }
        None => raise(
            &registry::ARGUMENT_EXCEPTION,
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end \
             of the source collection.",
        ),
    }
}

/// The part of the input that the arguments give, copied.
fn input(call: &mut Call<'_, '_>) -> Result<Vec<u8>, Raise> {
    let length = bytes(call, 1, "inputBuffer")?.len();
    let start = usize::try_from(integer(call, 2)).ok().filter(|start| *start <= length).ok_or_else(|| outside("inputOffset"))?;
    let count = usize::try_from(integer(call, 3)).map_err(|_| outside("inputCount"))?;
    if count > length - start {
        return Err(out_of_range("Attempt to transform beyond end of buffer.", "inputCount"));
    }
    call.runtime.allocate(count.saturating_mul(2))?;
    call.runtime.work(count.saturating_mul(8))?;
    Ok(bytes(call, 1, "inputBuffer")?.get(start..start + count).unwrap_or(&[]).to_vec())
}

fn transform_block(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.runtime.own::<Hash>(call.argument(0)).is_some() {
        return hash::transform_block(call);
    }
    let given = input(call)?;
    let size = own::<Transform>(call, 0)?.block.size();
    if given.is_empty() {
        return Err(outside("inputCount"));
    }
    if given.len() % size != 0 {
        return Err(out_of_range("TransformBlock may only process bytes in block sized increments.", "inputCount"));
    }
    let room = call.runtime.bytes(call.argument(4)).map(<[u8]>::len).ok_or_else(|| argument_null("outputBuffer"))?;
    let start = usize::try_from(integer(call, 5)).ok().filter(|start| *start <= room).ok_or_else(|| outside("outputOffset"))?;
    if given.len() > room - start {
        return Err(out_of_range("Attempt to transform beyond end of buffer.", "outputOffset"));
    }
    let transform = own_mut::<Transform>(call, 0)?;
    if transform.disposed {
        return Err(disposed());
    }
    let made = transform.middle(given);
    write(call, 4, integer(call, 5), &made)?;
    Ok(Value::Int32(made.len() as i32))
}

fn transform_final_block(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.runtime.own::<Hash>(call.argument(0)).is_some() {
        return hash::transform_final_block(call);
    }
    let given = input(call)?;
    let padding: Vec<u8> = std::iter::repeat_with(|| call.runtime.environment.random() as u8).take(16).collect();
    let mut padding = padding.into_iter().cycle();
    let transform = own_mut::<Transform>(call, 0)?;
    if transform.disposed {
        return Err(disposed());
    }
    let made = transform.finish(given, || padding.next().unwrap_or(0))?;
    super::array(call.runtime, made)
}

fn block_size(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::Int32(call.runtime.own::<Transform>(call.argument(0)).map_or(1, |transform| transform.block.size() as i32)))
}

/// `ICryptoTransform`
pub const MEMBERS: &[Member] = &[
    member("int InputBlockSize { get; }", block_size),
    member("int OutputBlockSize { get; }", block_size),
    member("bool CanTransformMultipleBlocks { get; }", |_| Ok(Value::Bool(true))),
    member("bool CanReuseTransform { get; }", |_| Ok(Value::Bool(true))),
    member(
        "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)",
        transform_block,
    ),
    member("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", transform_final_block),
    member("void Dispose()", dispose),
];
