//! `System.Text.Encoding`: UTF-8 and ASCII.

use super::{
    exception::argument_null,
    heap::{Instance, Object},
    member::{Call, Member, member},
    types::Type,
    value::Value,
};

crate::classes! {
    ENCODING = class("System.Text", "Encoding").members(MEMBERS);
}

/// An encoding that a policy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `Encoding.UTF8`
    Utf8,
    /// `Encoding.ASCII`
    Ascii,
}

impl Instance for Encoding {
    fn ty(&self) -> Type {
        Type::named(&ENCODING)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(*self)
    }
}

fn encoding(call: &Call<'_, '_>) -> Encoding {
    call.runtime.own::<Encoding>(call.argument(0)).copied().unwrap_or(Encoding::Utf8)
}

/// The members of `Encoding`.
pub const MEMBERS: &[Member] = &[
    member("static Encoding UTF8 { get; }", |call| call.runtime.instance(Encoding::Utf8)),
    member("static Encoding ASCII { get; }", |call| call.runtime.instance(Encoding::Ascii)),
    member("byte[] GetBytes(string s)", |call| {
        let Value::String(text) = call.argument(1) else { return Err(argument_null("s")) };
        let bytes: Vec<u8> = match encoding(call) {
            Encoding::Ascii => text.units().iter().map(|unit| u8::try_from(*unit).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect(),
            Encoding::Utf8 => text.as_str().as_bytes().to_vec(),
        };
        call.runtime.object(Object::Bytes(bytes))
    }),
    member("string GetString(byte[] bytes)", |call| {
        let Some(bytes) = call.runtime.bytes(call.argument(1)) else { return Err(argument_null("bytes")) };
        Ok(Value::string(match encoding(call) {
            Encoding::Ascii => bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect(),
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        }))
    }),
];
