//! Provisioned deployments and where they spill over.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/provisioned-throughput,
//! learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management.

use super::*;
use crate::azure::faults::Orders;

/// 4 units of gpt-4o: 10,000 tokens a minute, of which one of the answer costs 4.
fn resource(spillover: Option<&str>, standard: Option<u64>) -> Resource {
    let provisioned = Deployment { model: "gpt-4o".into(), units: Some(4), spillover: spillover.map(Into::into), ..Deployment::default() };
    let deployments = [("ptu".to_owned(), provisioned), ("payg".to_owned(), deployment("gpt-4o", None, standard))];
    let config = ResourceConfig {
        id: "swc".into(),
        region_display: "Sweden Central".into(),
        keys: ["key-one".into(), Text::EMPTY],
        deployments: Deployments::Declared(deployments.into()),
        ..ResourceConfig::default()
    };
    Resource::new(config, Identity::new(IDENTITY))
}

fn ask_for(resource: &mut Resource, limit: u64, milliseconds: u64, header: Option<&str>) -> Reply {
    let mut asked = request("ptu/chat/completions");
    if let Some(target) = header {
        asked.headers.append("x-ms-spillover-deployment", target.to_owned());
    }
    let body = with(ask("Hi"), json!({"max_tokens": limit})).to_string();
    resource.handle(&asked, body.as_bytes(), Told::Nothing, NOW.after(Duration::from_millis(milliseconds)), &mut environment())
}

#[test]
fn a_full_deployment_refuses_and_says_for_how_long() {
    let mut resource = resource(None, None);
    let reply = ask_for(&mut resource, 2500, 0, None);
    assert_eq!(reply.head.status, 200);
    // "Hi" and its message are 7 tokens.
    assert_eq!(header(&reply, "azure-openai-deployment-utilization"), Some("100.1%"));
    assert_eq!(header(&reply, "x-ratelimit-limit-tokens"), None);
    // What was not said is given back at once where answers take no time: 46 tokens were.
    let reply = ask_for(&mut resource, 16_384, 0, None);
    assert_eq!(reply.head.status, 200);
    let said = reply.usage.as_ref().unwrap();
    assert_eq!((said.prompt_tokens, said.completion_tokens, said.spilled, said.deployment.as_str()), (7, 12, false, "ptu"));
    assert_eq!(header(&reply, "x-ms-deployment-name"), None);
}

#[test]
fn what_a_stream_has_not_said_yet_stays_in_the_bucket() {
    let mut resource = resource(None, None);
    let mut at = |milliseconds: u64| {
        let body = with(ask("Hi"), json!({"max_tokens": 16_000, "stream": true})).to_string();
        let now = NOW.after(Duration::from_millis(milliseconds));
        resource.handle(&request("ptu/chat/completions"), body.as_bytes(), Told::Nothing, now, &mut environment())
    };
    assert_eq!(at(0).head.status, 200);
    let reply = at(10);
    assert_eq!((reply.head.status, error(&reply).1["code"].clone()), (429, json!("429")));
    // 64,007 tokens are in, 54,007 too many: 324 seconds.
    assert_eq!(header(&reply, "retry-after"), Some("325"));
    let milliseconds: u64 = header(&reply, "retry-after-ms").unwrap().parse().unwrap();
    assert!((324_000..324_100).contains(&milliseconds), "{milliseconds}");
    assert_eq!(header(&reply, "azure-openai-deployment-utilization"), Some("640.1%"));
    assert_eq!(reply.usage, None);
    // The stream has ended, after four pieces of 10 ms.
    assert_eq!(at(40).head.status, 200);
}

#[test]
fn what_has_no_room_spills_over() {
    // (property, header, the standard deployment's limit, status, who served, from, error)
    for (property, field, limit, status, served, from, failed) in [
        (None, None, None, 429, None, None, None),
        (Some("payg"), None, None, 200, Some("payg"), Some("ptu"), None),
        (None, Some("payg"), None, 200, Some("payg"), Some("ptu"), None),
        // The property goes before the header.
        (Some("payg"), Some("nobody"), None, 200, Some("payg"), Some("ptu"), None),
        (Some("nobody"), Some("payg"), None, 429, None, None, None),
        // Only to a standard deployment.
        (None, Some("ptu"), None, 429, None, None, None),
        // The first refusal is the answer where the second fails as well.
        (Some("payg"), None, Some(1), 429, None, None, Some("429")),
    ] {
        let mut resource = resource(property, limit);
        let body = with(ask("Hi"), json!({"max_tokens": 16_000, "stream": true})).to_string();
        assert_eq!(send(&mut resource, "ptu/chat/completions", body).head.status, 200);
        let reply = ask_for(&mut resource, 100, 0, field);
        let case = format!("{property:?} {field:?} {limit:?}");
        assert_eq!(reply.head.status, status, "{case}");
        assert_eq!(header(&reply, "x-ms-deployment-name"), served, "{case}");
        assert_eq!(header(&reply, "x-ms-spillover-from-deployment"), from, "{case}");
        assert_eq!(header(&reply, "x-ms-spillover-error"), failed, "{case}");
        let spilled = reply.usage.as_ref().map(|usage| (usage.deployment.as_str(), usage.spilled));
        assert_eq!(spilled, served.map(|name| (name, true)), "{case}");
        // A refusal tells the utilisation, what spilled over the limits of who served.
        assert_eq!(header(&reply, "azure-openai-deployment-utilization").is_some(), status == 429, "{case}");
    }
}

#[test]
fn a_deployment_with_room_says_who_it_is_and_keeps_its_own_errors() {
    let mut own = resource(Some("payg"), None);
    let reply = send(&mut own, "ptu/chat/completions", ask("Hi").to_string());
    assert_eq!((header(&reply, "x-ms-deployment-name"), header(&reply, "x-ms-spillover-from-deployment")), (Some("ptu"), None));
    let reply = send(&mut own, "ptu/chat/completions", "{}");
    assert_eq!((reply.head.status, header(&reply, "x-ms-deployment-name")), (400, None));
    // A prompt that is too long goes over: the standard deployment may hold it.
    let reply = send(&mut own, "ptu/chat/completions", ask("[simulate: context-length]").to_string());
    assert_eq!((reply.head.status, header(&reply, "x-ms-spillover-error")), (400, Some("400")));
}

#[test]
fn a_faulty_provisioned_deployment_spills_over_and_a_faulty_resource_does_not() {
    let options = &FaultOptions { retry_after: Some(Duration::from_secs(7)), ..FaultOptions::default() };
    for (spillover, status, of_deployment, expected, from) in [
        (Some("payg"), 429, true, 200, Some("ptu")),
        (Some("payg"), 503, true, 200, Some("ptu")),
        // What a full or broken deployment does not say stays with the client.
        (Some("payg"), 401, true, 401, None),
        (Some("payg"), 429, false, 429, None),
        (None, 429, true, 429, None),
    ] {
        let mut resource = resource(spillover, None);
        let told = Told::Status { status, options, of_deployment };
        let reply = resource.handle(&request("ptu/chat/completions"), ask("Hi").to_string().as_bytes(), told, NOW, &mut environment());
        let case = format!("{spillover:?} {status} {of_deployment}");
        assert_eq!((reply.head.status, header(&reply, "x-ms-spillover-from-deployment")), (expected, from), "{case}");
        assert_eq!(header(&reply, "retry-after").is_some(), expected != 200, "{case}");
    }
    // Where the other one fails as well, the first refusal says so.
    let told = Told::Status { status: 503, options, of_deployment: true };
    let asked = ask("Hi").to_string();
    let reply = resource(Some("payg"), Some(1)).handle(&request("ptu/chat/completions"), asked.as_bytes(), told, NOW, &mut environment());
    assert_eq!((reply.head.status, header(&reply, "x-ms-spillover-error")), (503, Some("429")));
    // A fault of the other one is met by what spills over, and by nothing else.
    let second = |told| Orders { asked: Told::Status { status: 503, options, of_deployment: true }, second: told };
    for (orders, expected) in [
        (second(Told::Nothing), (200, Some("ptu"), None)),
        (second(Told::Status { status: 500, options, of_deployment: true }), (503, None, Some("500"))),
        (second(Told::DeploymentDeleted), (503, None, Some("404"))),
        (second(Told::Quota { left: "1".parse().unwrap(), of_deployment: true }), (503, None, Some("429"))),
        (Orders { asked: Told::Nothing, ..second(Told::DeploymentDeleted) }, (200, None, None)),
        // What falls for the whole resource falls for both; what falls for the first alone does not.
        (Told::Quota { left: "1".parse().unwrap(), of_deployment: true }.into(), (200, Some("ptu"), None)),
        (Told::Quota { left: "1".parse().unwrap(), of_deployment: false }.into(), (429, None, Some("429"))),
    ] {
        let mut own = resource(Some("payg"), None);
        // The provisioned one is full.
        let reply = own.handle(&request("ptu/chat/completions"), ask("Hi").to_string().as_bytes(), orders, NOW, &mut environment());
        let reply = match orders.asked {
            Told::Quota { .. } => {
                assert_eq!(reply.head.status, 200, "a request slightly over 100 % passes");
                own.handle(&request("ptu/chat/completions"), ask("Hi").to_string().as_bytes(), orders, NOW, &mut environment())
            }
            _ => reply,
        };
        let told = (reply.head.status, header(&reply, "x-ms-spillover-from-deployment"), header(&reply, "x-ms-spillover-error"));
        assert_eq!(told, expected, "{orders:?}");
    }
    // A deployment that is none of these answers for itself.
    let told = Told::Status { status: 429, options, of_deployment: true };
    let asked = ask("Hi").to_string();
    let reply = resource(Some("payg"), None).handle(&request("payg/chat/completions"), asked.as_bytes(), told, NOW, &mut environment());
    assert_eq!((reply.head.status, header(&reply, "retry-after")), (429, Some("7")));
}
