//! How many requests a second `simulate`'s gateway serves, beside a bare hyper reverse proxy before the same backends.
//!
//! Run it with `cargo bench --bench throughput`. Without `--bench`, which cargo passes then, or with `--test` it is a smoke test of a
//! second: `cargo test --all-targets` runs it so.
//!
//! Everything is on loopback, and each party is a process of its own, as the gateway is: the load generator (this process), the
//! backends (`backends.rs`), the reverse proxies (`proxy.rs`) and the gateways. All share the cores of the machine, so that a rate says
//! little by itself; the ratio in the same run is what counts. Two paths are measured, each against its own reference:
//!
//! - the 200 path: the first backend answers. The proxy forwards and streams the answer back.
//! - the failover path: the first backend answers 429 at once, the second 200. The proxy buffers the request and sends it twice.
//!
//! Each gateway runs twice, because a proxy prints nothing and `simulate --format json` prints a line for each request: *printing* is
//! drained by a thread of this process, which costs its share of the cores; *silent* has lost its reader after the first line, and then
//! `simulate` prints no more. The rounds of all contenders are interleaved, and the order turns by one each time, so that a busy
//! neighbour or a warm cache favours nobody. Every answer is checked: status, body, and on the gateways who served it after how many
//! attempts. One wrong answer ends the run with an error.
//!
//! A rate is requests by the time from the first request to the last answer of a round. Latency is from a request's first byte to its
//! answer's last one, over all rounds, at this load (the connections never rest), so that it is mostly waiting for a core.

mod backends;
mod children;
mod load;
mod proxy;
mod report;
mod server;

use std::{
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use children::{Child, Output};
use load::{Load, Target};
use report::{Contender, Path};

/// The processes that this binary is when it starts itself.
const BACKENDS: &str = "backends";
const PROXY: &str = "proxy";
const FAILOVER_PROXY: &str = "failover-proxy";

/// What `simulate` may take to listen.
const STARTUP_LIMIT: Duration = Duration::from_millis(200);

/// How much is measured.
struct Extent {
    rounds: usize,
    load: Load,
    starts: usize,
}

/// Many short rounds: what disturbs a few of them does not move the median.
const FULL: Extent = Extent { rounds: 15, load: Load { connections: 16, warm_up: 320, requests: 4000 }, starts: 10 };
/// Enough to see that it works.
const SMOKE: Extent = Extent { rounds: 1, load: Load { connections: 4, warm_up: 4, requests: 50 }, starts: 1 };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["--role", BACKENDS] => backends::run(),
        ["--role", PROXY, upstream] => proxy::run(upstream),
        ["--role", FAILOVER_PROXY, first, second] => proxy::run_with_failover(first, second),
        // Test runners that ask every target for its tests: there are none.
        arguments if arguments.contains(&"--list") => Ok(()),
        arguments if arguments.contains(&"--bench") && !arguments.contains(&"--test") => measure(&FULL),
        _ => measure(&SMOKE),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throughput: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(extent: &Extent) -> Result<()> {
    let (backends, line) = children::start_role(&[BACKENDS])?;
    let Some((good, throttled)) = line.split_once(' ') else { bail!("the backends said `{line}`") };

    let mut startups = Vec::with_capacity(extent.starts);
    for _ in 0..extent.starts {
        let begun = Instant::now();
        let (_gateway, _) = children::start_gateway(good, good, Output::Dropped)?;
        startups.push(begun.elapsed());
    }

    // The guards live until the end of this function, however it ends.
    let mut guards = vec![backends];
    let mut gateway = |first: &str, expected, output: Output| -> Result<Target> {
        let (guard, listening) = children::start_gateway(first, good, output)?;
        guards.push(guard);
        Ok(Target { address: listening.gateway, key: listening.subscription_key, expected })
    };
    let silent = [gateway(good, SERVED_AT_ONCE, Output::Dropped)?, gateway(throttled, FAILED_OVER, Output::Dropped)?];
    let printing = [gateway(good, SERVED_AT_ONCE, Output::Drained)?, gateway(throttled, FAILED_OVER, Output::Drained)?];
    let (direct, direct_at) = started_proxy(&[PROXY, good])?;
    let (twice, twice_at) = started_proxy(&[FAILOVER_PROXY, throttled, good])?;
    guards.extend([direct, twice]);

    let references = [Target::without_key(direct_at, &[]), Target::without_key(twice_at, FAILED_OVER)];
    let mut paths: Vec<Path> = ["200 path", "failover path"]
        .into_iter()
        .zip(references.into_iter().zip(silent).zip(printing))
        .map(|(name, ((reference, silent), printing))| Path {
            name,
            reference: Contender::new("reverse proxy", reference),
            gateways: [Contender::new("gateway, silent", silent), Contender::new("gateway, printing", printing)],
        })
        .collect();

    // The generator is equipment: one thread, so that it takes as little as it can from those that it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for round in 0..extent.rounds {
        let mut contenders: Vec<(&str, &mut Contender)> = paths.iter_mut().flat_map(Path::contenders).collect();
        let turn = round % contenders.len();
        contenders.rotate_left(turn);
        for (path, contender) in contenders {
            let measured = runtime.block_on(load::round(&contender.target, &extent.load));
            contender.record(measured.with_context(|| format!("{path}, {}", contender.name))?);
        }
    }
    report::print(extent.rounds, &extent.load, &paths, &startups, STARTUP_LIMIT);
    Ok(())
}

/// What the headers of an answer say when the first backend has answered, and when the second has.
const SERVED_AT_ONCE: load::Expected = &[("x-served-by", "swc"), ("x-failover-attempts", "1")];
const FAILED_OVER: load::Expected = &[("x-served-by", "frc"), ("x-failover-attempts", "2")];

fn started_proxy(role: &[&str]) -> Result<(Child, SocketAddr)> {
    let (guard, line) = children::start_role(role)?;
    let address = line.strip_prefix("http://").and_then(|address| address.parse().ok());
    Ok((guard, address.with_context(|| format!("the proxy said `{line}`"))?))
}
