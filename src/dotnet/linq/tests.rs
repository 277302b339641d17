//! LINQ and collections through their natives, lambdas being Rust closures.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    dotnet::{
        collection::{self, Dictionary, dictionary},
        context::RequestContext,
        delegate::{Callable, Delegate},
        display::{to_str, type_of},
        exception::Raise,
        heap::{Heap, Object},
        member::Call,
        registry,
        runtime::{Budget, Runtime},
        types::Type,
        value::Value,
    },
    environment::{Fixed, Moment},
};

struct Closure<F>(F);

impl<F: Fn(&mut Runtime<'_>, &[Value]) -> Result<Value, Raise> + Send + Sync> Callable for Closure<F> {
    fn call(&self, runtime: &mut Runtime<'_>, arguments: &[Value]) -> Result<Value, Raise> {
        (self.0)(runtime, arguments)
    }
}

fn with_runtime<T>(work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
    let mut context = RequestContext::default();
    let mut heap = Heap::default();
    let mut environment = Fixed { now: Moment(0), state: 7 };
    let budget = Budget::default();
    work(&mut Runtime { context: &mut context, heap: &mut heap, environment: &mut environment, budget, locals: &mut Vec::new() })
}

fn lambda(runtime: &mut Runtime<'_>, code: impl Fn(&mut Runtime<'_>, &[Value]) -> Result<Value, Raise> + Send + Sync + 'static) -> Value {
    runtime.object(Object::Delegate(Delegate { ty: Type::OBJECT, code: Arc::new(Closure(code)) })).unwrap()
}

fn number(value: &Value) -> i32 {
    value.as_integer().unwrap() as i32
}

fn ints(runtime: &mut Runtime<'_>, items: &[i32]) -> Value {
    collection::array(runtime, Type::INT32, items.iter().map(|item| Value::Int32(*item)).collect()).unwrap()
}

/// Calls the operator whose signature holds all of `words`.
fn linq(runtime: &mut Runtime<'_>, words: &[&str], types: &[Type], arguments: &[Value]) -> Result<Value, Raise> {
    let member = super::MEMBERS
        .iter()
        .find(|member| {
            let given = member.signature.matches(", ").count();
            words.iter().all(|word| member.signature.contains(word)) && given + 1 >= arguments.len()
        })
        .unwrap();
    (member.native)(&mut Call { runtime, arguments, types, outs: Vec::new() })
}

fn text(runtime: &mut Runtime<'_>, value: &Value) -> String {
    let items = runtime.collect(value).unwrap();
    items.iter().map(|item| to_str(runtime, item).to_string()).collect::<Vec<_>>().join(",")
}

fn message(outcome: Result<Value, Raise>) -> String {
    match outcome {
        Err(Raise::Exception(exception)) => exception.message.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn nothing_runs_before_the_walk_and_each_walk_runs_anew() {
    with_runtime(|runtime| {
        let calls = Arc::new(AtomicUsize::new(0));
        let seen = calls.clone();
        let double = lambda(runtime, move |_, items| {
            seen.fetch_add(1, Ordering::Relaxed);
            Ok(Value::Int32(number(&items[0]) * 2))
        });
        let source = ints(runtime, &[1, 2, 3]);
        let query = linq(runtime, &[" Select<", "Func<TSource, TResult>"], &[Type::INT32, Type::INT32], &[source.clone(), double]).unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        assert_eq!(text(runtime, &query), "2,4,6");
        collection::set_element(runtime, &source, &Value::Int32(0), Value::Int32(50)).unwrap();
        assert_eq!(text(runtime, &query), "100,4,6");
        let first = linq(runtime, &[" First<"], &[Type::INT32], &[query]).unwrap();
        assert_eq!(number(&first), 100);
        assert_eq!(calls.load(Ordering::Relaxed), 7, "First takes one item only");
    });
}

#[test]
fn arguments_are_checked_at_once() {
    with_runtime(|runtime| {
        let source = ints(runtime, &[1]);
        let where_ = linq(runtime, &[" Where<"], &[Type::INT32], &[source.clone(), Value::Null]);
        assert_eq!(message(where_), "Value cannot be null. (Parameter 'predicate')");
        let where_ = linq(runtime, &[" Where<"], &[Type::INT32], &[Value::Null, Value::Null]);
        assert_eq!(message(where_), "Value cannot be null. (Parameter 'source')");
        let concat = linq(runtime, &[" Concat<"], &[Type::INT32], &[source.clone(), Value::Null]);
        assert_eq!(message(concat), "Value cannot be null. (Parameter 'second')");
        let order = linq(runtime, &[" OrderBy<"], &[Type::INT32, Type::INT32], &[source, Value::Null]);
        assert_eq!(message(order), "Value cannot be null. (Parameter 'keySelector')");
    });
}

#[test]
fn ordering_is_stable_and_goes_by_all_keys() {
    with_runtime(|runtime| {
        let tens = lambda(runtime, |_, items| Ok(Value::Int32(number(&items[0]) / 10)));
        let ones = lambda(runtime, |_, items| Ok(Value::Int32(number(&items[0]) % 10)));
        let source = ints(runtime, &[31, 12, 35, 11, 32, 15]);
        let types = [Type::INT32, Type::INT32];
        let by_tens = linq(runtime, &[" OrderBy<"], &types, &[source.clone(), tens.clone()]).unwrap();
        assert_eq!(text(runtime, &by_tens), "12,11,15,31,35,32");
        let further = linq(runtime, &[" ThenByDescending<"], &types, &[by_tens.clone(), ones.clone()]).unwrap();
        assert_eq!(text(runtime, &further), "15,12,11,35,32,31");
        let descending = linq(runtime, &[" OrderByDescending<"], &types, &[source, tens]).unwrap();
        assert_eq!(text(runtime, &descending), "31,35,32,12,11,15");
        assert!(type_of(runtime, &further).as_class(&registry::IENUMERABLE).is_some());
    });
}

#[test]
fn a_failing_comparison_is_wrapped() {
    with_runtime(|runtime| {
        let same = lambda(runtime, |_, items| Ok(items[0].clone()));
        let objects = [runtime.object(Object::Plain).unwrap(), runtime.object(Object::Plain).unwrap()].to_vec();
        let source = collection::array(runtime, Type::OBJECT, objects).unwrap();
        let order = linq(runtime, &[" OrderBy<"], &[Type::OBJECT, Type::OBJECT], &[source, same]).unwrap();
        let Err(Raise::Exception(exception)) = runtime.collect(&order) else { panic!("not refused") };
        assert_eq!(exception.message, "Failed to compare two elements in the array.");
        assert_eq!(exception.inner.as_ref().unwrap().message, "At least one object must implement IComparable.");
    });
}

#[test]
fn groups_stand_in_the_order_of_their_first_item() {
    with_runtime(|runtime| {
        let parity = lambda(runtime, |_, items| Ok(Value::Int32(number(&items[0]) % 2)));
        let source = ints(runtime, &[3, 2, 1, 4]);
        let types = [Type::INT32, Type::INT32];
        let groups = linq(runtime, &[" GroupBy<TSource, TKey>"], &types, &[source.clone(), parity.clone()]).unwrap();
        let groups = runtime.collect(&groups).unwrap();
        let texts: Vec<_> = groups.iter().map(|group| text(runtime, group)).collect();
        assert_eq!(texts, ["3,1", "2,4"]);
        let lookup = linq(runtime, &[" ToLookup<TSource, TKey>"], &types, &[source, parity]).unwrap();
        let arguments = [lookup, Value::Int32(0)];
        let under = (super::grouping::ILOOKUP[1].native)(&mut Call { runtime, arguments: &arguments, types: &types, outs: Vec::new() });
        assert_eq!(text(runtime, &under.unwrap()), "2,4");
    });
}

#[test]
fn joins_keep_the_order_of_both_and_skip_null() {
    with_runtime(|runtime| {
        let key = lambda(runtime, |_, items| {
            Ok(match number(&items[0]) % 10 {
                9 => Value::Null,
                key => Value::Int32(key),
            })
        });
        let pair = lambda(runtime, |_, items| Ok(Value::Int32(number(&items[0]) * 100 + number(&items[1]))));
        let outer = ints(runtime, &[12, 19, 11]);
        let inner = ints(runtime, &[21, 22, 31, 29]);
        let types = [Type::INT32, Type::INT32, Type::INT32, Type::INT32];
        let joined = linq(runtime, &[" Join<"], &types, &[outer, inner, key.clone(), key, pair]).unwrap();
        assert_eq!(text(runtime, &joined), "1222,1121,1131");
    });
}

#[test]
fn a_query_of_thousands_of_queries_ends_by_the_budget() {
    with_runtime(|runtime| {
        let mut query = ints(runtime, &[1]);
        for _ in 0..20_000 {
            query = linq(runtime, &[" Concat<"], &[Type::INT32], &[query.clone(), query]).unwrap();
        }
        assert!(matches!(runtime.collect(&query), Err(Raise::Budget(_))));
        let mut query = ints(runtime, &[1]);
        for _ in 0..20_000 {
            query = linq(runtime, &[" Reverse<"], &[Type::INT32], &[query]).unwrap();
        }
        assert!(matches!(runtime.collect(&query), Err(Raise::Budget(_))));
    });
}

#[test]
fn a_freed_slot_is_the_first_to_be_taken() {
    with_runtime(|runtime| {
        let map = runtime.object(Object::Dictionary(Dictionary::new(Type::INT32, Type::INT32))).unwrap();
        for key in 0..1000 {
            dictionary::add(runtime, &map, Value::Int32(key), Value::Int32(key)).unwrap();
        }
        for key in [5, 900, 17] {
            assert!(dictionary::remove(runtime, &map, &Value::Int32(key)).unwrap().is_some());
        }
        for key in [2001, 2002, 2003, 2004] {
            dictionary::set(runtime, &map, Value::Int32(key), Value::Int32(key)).unwrap();
        }
        let Some(Object::Dictionary(dictionary)) = runtime.get(&map) else { panic!("no dictionary") };
        let keys: Vec<i32> = dictionary.entries().map(|(key, _)| number(key)).collect();
        assert_eq!((keys[17], keys[900], keys[5], keys[1000]), (2001, 2002, 2003, 2004));
        assert_eq!(keys.len(), 1001);
        for key in [0, 16, 999, 2004] {
            assert!(dictionary::get(runtime, &map, &Value::Int32(key)).unwrap().is_some(), "{key}");
        }
    });
}

#[test]
fn sums_and_extremes_follow_their_types() {
    with_runtime(|runtime| {
        let big = ints(runtime, &[i32::MAX, 1]);
        let sum = linq(runtime, &["static int Sum(this IEnumerable<int> "], &[], std::slice::from_ref(&big));
        assert_eq!(message(sum), "Arithmetic operation resulted in an overflow.");
        let average = linq(runtime, &["static double Average(this IEnumerable<int> "], &[], &[big]).unwrap();
        assert!(matches!(average, Value::Double(value) if value == 1_073_741_824.0));
        let none = ints(runtime, &[]);
        assert_eq!(message(linq(runtime, &["static int Max("], &[], std::slice::from_ref(&none))), "Sequence contains no elements");
        assert!(matches!(linq(runtime, &["static double? Average("], &[], &[none]), Ok(Value::Null)));
    });
}
