//! Quotas that resources share.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/quota.

use super::*;

fn sharing(quotas: &Quotas, pool: Option<&'static str>, tokens: u64) -> Resource {
    let deployment = Deployment { pool: pool.map(Into::into), ..deployment("gpt-4o", None, Some(tokens)) };
    let config = ResourceConfig {
        keys: ["key-one".into(), Text::EMPTY],
        deployments: Deployments::Declared([("gpt-4o".to_owned(), deployment)].into()),
        quotas: quotas.clone(),
        ..ResourceConfig::default()
    };
    Resource::new(config, Identity::new(IDENTITY))
}

#[test]
fn two_resources_of_one_pool_give_no_more_than_one() {
    for (pools, statuses) in [
        ([Some("sub/swedencentral/gpt-4o"), Some("sub/swedencentral/gpt-4o")], [200, 429]),
        ([Some("sub/swedencentral/gpt-4o"), Some("other/swedencentral/gpt-4o")], [200, 200]),
        ([None, None], [200, 200]),
    ] {
        let quotas = Quotas::new();
        let mut resources = pools.map(|pool| sharing(&quotas, pool, 100_000));
        let body = with(ask("Hi"), json!({"max_tokens": 16_000, "n": 4})).to_string();
        let replies = resources.each_mut().map(|resource| send(resource, "gpt-4o/chat/completions", &body));
        assert_eq!(replies.each_ref().map(|reply| reply.head.status), statuses, "{pools:?}");
        if let [first, second] = &replies
            && second.head.status == 429
        {
            assert_eq!(header(first, "x-ratelimit-remaining-tokens"), Some("35999"));
            assert_eq!(header(second, "x-ratelimit-limit-tokens"), Some("100000"));
            assert_eq!(header(second, "x-ratelimit-remaining-tokens"), Some("0"));
        }
    }
}

#[test]
fn a_pool_is_as_large_as_the_largest_limit_in_it_and_each_keeps_its_own() {
    let quotas = Quotas::new();
    let mut small = sharing(&quotas, Some("pool"), 20_000);
    let mut large = sharing(&quotas, Some("pool"), 60_000);
    let body = with(ask("Hi"), json!({"max_tokens": 16_000})).to_string();
    let send = |resource: &mut Resource| send(resource, "gpt-4o/chat/completions", &body).head.status;
    assert_eq!([send(&mut small), send(&mut small), send(&mut large), send(&mut large)], [200, 429, 200, 429]);
}

/// A quota that falls for one deployment has not fallen for the others that share it.
#[test]
fn what_falls_for_one_deployment_of_a_pool_stands_for_the_others() {
    let quotas = Quotas::new();
    let [mut fallen, mut other] = [sharing(&quotas, Some("pool"), 60_000), sharing(&quotas, Some("pool"), 60_000)];
    let body = with(ask("Hi"), json!({"max_tokens": 16_000})).to_string();
    let send = |resource: &mut Resource, told: Told<'_>| {
        let reply = resource.handle(&request("gpt-4o/chat/completions"), body.as_bytes(), told, NOW, &mut environment());
        (reply.head.status, header(&reply, "x-ratelimit-limit-tokens").map(str::to_owned))
    };
    let tenth = Told::Quota { left: "10%".parse().unwrap(), of_deployment: false };
    assert_eq!(send(&mut fallen, tenth), (429, Some("6000".to_owned())));
    assert_eq!(send(&mut other, Told::Nothing), (200, Some("60000".to_owned())));
}
