//! What nobody meant to be read must end as an exception, whatever the bytes.

use super::{
    block::{Block, Direction, Family, Mode, Padding},
    certificate, names, pkcs12,
    rsa::Key,
    rsa_key::{Format, decode},
    transform::Transform,
};
use crate::{
    dotnet::{context::RequestContext, display, exception::Raise, heap::Heap, runtime::Runtime, value::Value},
    environment::{Fixed, Moment},
};

const FILES: [&[u8]; 2] =
    [include_bytes!("../../../fixtures/certificates/device.pfx"), include_bytes!("../../../fixtures/certificates/device-legacy.pfx")];
const PASSWORD: &str = "secret";

fn with_runtime<T>(work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
    let (mut context, mut heap) = (RequestContext::default(), Heap::default());
    let mut environment = Fixed { now: Moment(0), state: 7 };
    let mut runtime = Runtime {
        context: &mut context,
        heap: &mut heap,
        environment: &mut environment,
        budget: crate::dotnet::runtime::Budget { steps: 400_000, ..Default::default() },
        locals: &mut Vec::new(),
    };
    work(&mut runtime)
}

/// Each byte of the encoding changed in some ways, and each beginning of it.
fn damaged(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changed = (0..whole.len()).flat_map(move |at| {
        [0x00, 0x01, 0x80, 0xff].map(|with| {
            let mut bytes = whole.to_vec();
            bytes[at] ^= with;
            bytes
        })
    });
    changed.chain((0..whole.len()).map(|end| whole[..end].to_vec()))
}

#[test]
fn files_open_with_their_password_alone() {
    for file in FILES {
        let contents = with_runtime(|runtime| pkcs12::open(runtime, file, PASSWORD)).unwrap();
        assert_eq!((contents.certificates.len(), contents.keys.len()), (1, 1));
        assert_eq!(contents.certificates[0].local_key, contents.keys[0].local_key);
        assert!(matches!(with_runtime(|runtime| pkcs12::open(runtime, file, "wrong")), Err(Raise::Exception(_))));
    }
}

#[test]
fn damaged_files_and_certificates_are_refused_or_read() {
    for file in FILES {
        // Each takes thousands of hashes: a sample will do.
        for bytes in damaged(file).step_by(101) {
            let _ = with_runtime(|runtime| pkcs12::open(runtime, &bytes, PASSWORD));
        }
    }
    let contents = with_runtime(|runtime| pkcs12::open(runtime, FILES[0], PASSWORD)).unwrap();
    for bytes in damaged(&contents.certificates[0].der) {
        with_runtime(|runtime| match certificate(runtime, &bytes) {
            Ok(value) => assert!(!display::to_str(runtime, &value).is_empty()),
            Err(raise) => assert!(matches!(raise, Raise::Exception(_)), "{raise:?}"),
        });
        assert!(names::text_of(&bytes).len() <= 4 * bytes.len());
    }
    for bytes in damaged(&contents.keys[0].der) {
        if let Ok((Key::Private(key), _)) = decode(Format::Pkcs8, &bytes) {
            let _ = key.decrypt(::rsa::Pkcs1v15Encrypt, &[1; 64]);
        }
    }
}

#[test]
fn a_certificate_of_another_maker_is_read() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "b.test".to_owned()]).unwrap();
    for bytes in [made.cert.der().to_vec(), made.cert.pem().into_bytes()] {
        let value = with_runtime(|runtime| certificate(runtime, &bytes).map(|value| display::to_str(runtime, &value).to_string())).unwrap();
        assert!(value.contains("CN=rcgen self signed cert"), "{value}");
    }
    assert!(matches!(with_runtime(|runtime| certificate(runtime, b"").map(|_| Value::Null)), Err(Raise::Exception(_))));
}

#[test]
fn a_transform_begins_anew_after_its_end() {
    let block = Block::new(Family::Aes, &[7; 16]).unwrap();
    let mut transform = Transform::new(block, Mode::Cbc, Padding::Pkcs7, Direction::Encrypt, vec![1; 16]);
    let first = transform.finish(vec![5; 20], || 0).unwrap();
    assert_eq!(transform.finish(vec![5; 20], || 0).unwrap(), first);
    assert_eq!(first.len(), 32);
}
