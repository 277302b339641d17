//! What Front Door and its firewall do, as tables; each says where it is known from.

mod firewall;
mod headers;
mod origins;

use std::{net::IpAddr, time::Duration};

use super::*;
use crate::{
    environment::Fixed,
    http::{Headers, Url},
    source::Source,
    spec,
};

/// A Front Door as the spec file would describe it: `settings` stand below `frontDoor`, three gateways behind it.
fn config(settings: &str) -> FrontDoorConfig {
    let text = format!(
        "version: 1\nname: contoso\nfrontDoor:\n  {}\ngateways:\n  - {{ region: swedencentral }}\n  - {{ region: francecentral }}\n  \
         - {{ region: westeurope }}\nbackends:\n  - {{ id: swc, region: swedencentral, endpoint: \"https://contoso-swc.openai.azure.com\", \
         auth: {{ managedIdentity: true }}, deployments: {{ gpt-4o: {{}} }} }}\n",
        settings.replace('\n', "\n  ")
    );
    let (spec, _) = spec::read(&Source::new("spec.yaml", text)).unwrap_or_else(|faults| panic!("{faults:?}"));
    FrontDoorConfig::of(&spec).unwrap()
}

fn front_door(settings: &str) -> FrontDoor {
    FrontDoor::new(config(settings), Moment(0)).unwrap()
}

fn at(milliseconds: u64) -> Moment {
    Moment(0).after(Duration::from_millis(milliseconds))
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn chance() -> Fixed {
    Fixed { now: Moment(0), state: 7 }
}

fn client() -> Client {
    Client::new(IpAddr::from([203, 0, 113, 7]), Country::new("SE").unwrap())
}

fn request(method: &str, url: &str, headers: &[(&'static str, &'static str)]) -> RequestHead {
    RequestHead { method: method.to_owned().into(), url: Url::parse(url).unwrap(), headers: headers.iter().copied().collect() }
}

fn hello() -> RequestHead {
    request("POST", "https://contoso.z01.azurefd.net/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", &[])
}

fn admit_body(door: &mut FrontDoor, request: &RequestHead, body: &[u8], client: &Client, now: Moment) -> Admission {
    door.admit(Arriving { request, body, framed: true, client }, now, &mut chance())
}

fn admit(door: &mut FrontDoor, request: &RequestHead) -> Admission {
    admit_body(door, request, b"", &client(), Moment(0))
}

fn passage(door: &mut FrontDoor) -> Passage {
    let admission = admit(door, &hello());
    assert!(admission.answer.is_none(), "{:?}", admission.answer);
    admission.passage
}

/// The places of the origins that `count` requests go to, one after the other: `0012`.
fn places(door: &mut FrontDoor, count: usize) -> String {
    let mut places = String::new();
    for _ in 0..count {
        let mut passage = passage(door);
        places.push_str(&door.select(&mut passage).map_or_else(|| "-".to_owned(), |origin| origin.0.to_string()));
    }
    places
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

fn field(headers: &Headers, name: &str) -> String {
    headers.get(name).map_or_else(|| "-".to_owned(), ToString::to_string)
}
