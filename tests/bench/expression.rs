//! What policy expressions cost: compiling and evaluating a condition, and choosing a backend as load-balancing policies do, with seven of
//! them in a `JArray`.
//!
//! `cargo bench --bench expression` prints the median of rounds and the allocations of one evaluation; compare figures of one run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::{hint::black_box, time::Instant};

use openai_failover::{
    csharp::Code,
    dotnet::{
        Value,
        context::{Body, RequestContext, ResponseMessage},
        heap::Heap,
        runtime::{Budget, Runtime},
    },
    environment::{Fixed, Moment},
    expression::{Form, Program, Target, compile, evaluate, sample},
    http::ResponseHead,
    source::Source,
};
use serde_json::json;

const CONDITION: &str = "context.Response != null && (context.Response.StatusCode == 429 || context.Response.StatusCode >= 500)";

/// Backends that have served their throttle are freed, then one of the best priority is drawn, or the one that frees first.
const SELECTION: &str = r#"
    JArray backends = (JArray)context.Variables["backends"];
    for (int i = 0; i < backends.Count; i++)
    {
        JObject backend = (JObject)backends[i];
        if (backend.Value<bool>("isThrottling") && DateTime.Now >= backend.Value<DateTime>("retryAfter"))
        {
            backend["isThrottling"] = false;
            backend["retryAfter"] = DateTime.MinValue;
        }
    }

    int best = Int32.MaxValue;
    List<int> available = new List<int>();
    for (int i = 0; i < backends.Count; i++)
    {
        JObject backend = (JObject)backends[i];
        if (!backend.Value<bool>("isThrottling"))
        {
            int priority = backend.Value<int>("priority");
            if (priority < best)
            {
                best = priority;
                available.Clear();
                available.Add(i);
            }
            else if (priority == best)
            {
                available.Add(i);
            }
        }
    }

    if (available.Count == 1)
    {
        return available[0];
    }
    if (available.Count > 0)
    {
        return available[new Random().Next(0, available.Count)];
    }

    int soonest = 0;
    DateTime first = DateTime.MaxValue;
    for (int i = 0; i < backends.Count; i++)
    {
        DateTime retryAfter = ((JObject)backends[i]).Value<DateTime>("retryAfter");
        if (retryAfter < first)
        {
            first = retryAfter;
            soonest = i;
        }
    }
    return soonest;
"#;

fn main() {
    // `cargo test --benches` runs this with `--test`: once through is enough to see that it works.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 15 };
    let source = Source::new("condition", CONDITION);
    measure("compile a condition", rounds, 2_000, || {
        black_box(compile(&Code::whole(&source), Form::Expression, Target::Bool).unwrap());
    });
    let program = compile(&Code::whole(&source), Form::Expression, Target::Bool).unwrap();
    let response = ResponseMessage { head: ResponseHead { status: 503, ..ResponseHead::default() }, body: Body::None };
    let mut bench = Bench { context: RequestContext { response: Some(response), ..RequestContext::default() }, ..Bench::default() };
    bench.measure("evaluate a condition", rounds, 100_000, &program);

    let source = Source::new("selection", SELECTION);
    measure("compile a selection", rounds, 200, || {
        black_box(compile(&Code::whole(&source), Form::Block, Target::Any).unwrap());
    });
    let program = compile(&Code::whole(&source), Form::Block, Target::Any).unwrap();
    for (name, throttled) in [("select, all free", 0), ("select, four throttled", 4), ("select, all throttled", 7)] {
        let mut bench = Bench::default();
        bench.backends(throttled);
        bench.measure(name, rounds, 2_000, &program);
    }
}

/// What a request brings to an expression.
#[derive(Default)]
struct Bench {
    context: RequestContext,
    heap: Heap,
    locals: Vec<Value>,
}

impl Bench {
    fn runtime<T>(&mut self, work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
        let mut environment = Fixed { now: Moment(1_763_690_000_000_000_000), state: 1 };
        work(&mut Runtime {
            context: &mut self.context,
            heap: &mut self.heap,
            environment: &mut environment,
            budget: Budget::default(),
            locals: &mut self.locals,
        })
    }

    fn backends(&mut self, throttled: usize) {
        let backends: Vec<_> = (0..7)
            .map(|index| {
                let retry_after = if index < throttled { "2030-01-01T00:00:00Z" } else { "0001-01-01T00:00:00" };
                json!({ "url": format!("https://{index}.openai.azure.com/"), "priority": 1 + index / 3,
                    "isThrottling": index < throttled, "retryAfter": retry_after })
            })
            .collect();
        let context = json!({ "variables": { "backends": { "type": "jarray", "value": backends } } });
        self.runtime(|runtime| sample::fill(runtime, &context).unwrap());
    }

    fn measure(&mut self, name: &str, rounds: usize, times: u32, program: &Program) {
        // A request's heap ends with it; here one heap serves them all, and grows by what each evaluation makes.
        let heap = self.heap.clone();
        self.runtime(|runtime| black_box(evaluate(program, runtime).unwrap()));
        let allocations = allocation_counter::measure(|| {
            self.runtime(|runtime| {
                black_box(evaluate(program, runtime).unwrap());
            });
        });
        measure(name, rounds, times, || {
            self.runtime(|runtime| {
                black_box(evaluate(program, runtime).unwrap());
            });
        });
        self.heap = heap;
        println!("{:<24} {:>8} allocations, {} bytes", "", allocations.count_total, allocations.bytes_total);
    }
}

fn measure(name: &str, rounds: usize, times: u32, mut work: impl FnMut()) {
    let mut nanoseconds: Vec<u128> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| work());
            start.elapsed().as_nanos() / u128::from(times)
        })
        .collect();
    nanoseconds.sort_unstable();
    println!("{name:<24} {:>8} ns (min {}, max {})", nanoseconds[rounds / 2], nanoseconds[0], nanoseconds[rounds - 1]);
}
