//! The evaluator of statements.

use super::{
    evaluate::Frame,
    program::{Handler, Step},
};
use crate::dotnet::{
    collection,
    exception::{BudgetSpent, Raise, null_reference},
    heap::Object,
    value::Value,
};

/// How a statement ended.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// Runs statements in order until one leaves.
pub(super) fn block(frame: &mut Frame<'_, '_>, steps: &[Step]) -> Result<Flow, Raise> {
    for step in steps {
        match execute(frame, step)? {
            Flow::Next => {}
            left => return Ok(left),
        }
    }
    Ok(Flow::Next)
}

fn execute(frame: &mut Frame<'_, '_>, step: &Step) -> Result<Flow, Raise> {
    frame.runtime.step()?;
    frame.runtime.budget.depth = frame.runtime.budget.depth.checked_sub(1).ok_or(Raise::Budget(BudgetSpent::Depth))?;
    let flow = execute_inside(frame, step);
    frame.runtime.budget.depth += 1;
    flow
}

fn execute_inside(frame: &mut Frame<'_, '_>, step: &Step) -> Result<Flow, Raise> {
    match step {
        Step::Nothing => Ok(Flow::Next),
        Step::Evaluate(node) => frame.evaluate(node).map(|_| Flow::Next),
        Step::Block(steps) => block(frame, steps),
        Step::If(condition, then, otherwise) => {
            if frame.truth(condition)? {
                execute(frame, then)
            } else {
                otherwise.as_ref().map_or(Ok(Flow::Next), |otherwise| execute(frame, otherwise))
            }
        }
        Step::Loop { condition, body, after, post } => {
            let mut test = !post;
            loop {
                frame.runtime.step()?;
                if test && !condition.as_ref().map_or(Ok(true), |condition| frame.truth(condition))? {
                    return Ok(Flow::Next);
                }
                test = true;
                match execute(frame, body)? {
                    Flow::Break => return Ok(Flow::Next),
                    Flow::Return(value) => return Ok(Flow::Return(value)),
                    Flow::Next | Flow::Continue => {}
                }
                for node in after {
                    frame.evaluate(node)?;
                }
            }
        }
        Step::ForEach { source, local, conversion, body } => {
            let source = frame.evaluate(source)?;
            let items = collection::items(frame.runtime, &source).ok_or_else(null_reference)?;
            for item in items {
                frame.runtime.step()?;
                let item = match conversion {
                    Some(conversion) => frame.convert(conversion, item)?,
                    None => item,
                };
                frame.set(*local, item);
                match execute(frame, body)? {
                    Flow::Break => break,
                    Flow::Return(value) => return Ok(Flow::Return(value)),
                    Flow::Next | Flow::Continue => {}
                }
            }
            Ok(Flow::Next)
        }
        Step::Switch { value, local, sections } => {
            let value = frame.evaluate(value)?;
            frame.set(*local, value);
            let mut chosen = None;
            'sections: for (index, (tests, _)) in sections.iter().enumerate() {
                for test in tests.iter().flatten() {
                    if frame.truth(test)? {
                        chosen = Some(index);
                        break 'sections;
                    }
                }
            }
            let chosen = chosen.or_else(|| sections.iter().position(|(tests, _)| tests.iter().any(Option::is_none)));
            let Some((_, steps)) = chosen.and_then(|index| sections.get(index)) else { return Ok(Flow::Next) };
            match block(frame, steps)? {
                Flow::Break => Ok(Flow::Next),
                left => Ok(left),
            }
        }
        Step::Return(node) => frame.evaluate(node).map(Flow::Return),
        Step::Break => Ok(Flow::Break),
        Step::Continue => Ok(Flow::Continue),
        Step::Rethrow => match frame.handling.last() {
            Some(exception) => Err(Raise::Exception(Box::new(exception.clone()))),
            None => Err(null_reference()),
        },
        Step::Try { body, catches, finally } => {
            let outcome = match block(frame, body) {
                Err(Raise::Exception(exception)) => {
                    let mut outcome = None;
                    for handler in catches {
                        if exception.is(&handler.class) && admits(frame, handler, &exception)? {
                            frame.handling.push(exception.as_ref().clone());
                            outcome = Some(block(frame, &handler.body));
                            frame.handling.pop();
                            break;
                        }
                    }
                    outcome.unwrap_or(Err(Raise::Exception(exception)))
                }
                other => other,
            };
            match (finally, &outcome) {
                // What no `catch` takes ends the evaluation: nothing of it runs any more.
                (_, Err(Raise::Budget(_) | Raise::Unread(_))) | (None, _) => outcome,
                (Some(finally), _) => match block(frame, finally)? {
                    Flow::Next => outcome,
                    left => Ok(left),
                },
            }
        }
    }
}

fn admits(frame: &mut Frame<'_, '_>, handler: &Handler, exception: &crate::dotnet::exception::Exception) -> Result<bool, Raise> {
    let object = frame.runtime.object(Object::Exception(exception.clone()))?;
    frame.set(handler.local, object);
    match &handler.filter {
        None => Ok(true),
        // An exception in a filter counts as false.
        Some(filter) => match frame.truth(filter) {
            Err(Raise::Exception(_)) => Ok(false),
            other => other,
        },
    }
}
