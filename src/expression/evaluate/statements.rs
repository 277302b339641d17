//! The evaluator of statements.

use super::Frame;
use crate::{
    dotnet::{
        exception::{Exception, Raise, null_reference},
        heap::Object,
        value::Value,
    },
    expression::program::{Handler, Label, Node, Section, Step},
};

/// How a statement ends.
pub(super) enum Flow {
    /// At its end.
    Next,
    Break,
    Continue,
    Goto(Label),
    Return(Value),
}

/// Runs statements one after the other; a `goto` to a label among them goes on there.
pub(super) fn block(frame: &mut Frame<'_, '_>, steps: &[Step]) -> Result<Flow, Raise> {
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        at += 1;
        match execute(frame, step)? {
            Flow::Next => {}
            Flow::Goto(label) => match steps.iter().position(|step| matches!(step, Step::Label(own) if *own == label)) {
                Some(place) => {
                    frame.runtime.step()?;
                    at = place;
                }
                None => return Ok(Flow::Goto(label)),
            },
            other => return Ok(other),
        }
    }
    Ok(Flow::Next)
}

fn execute(frame: &mut Frame<'_, '_>, step: &Step) -> Result<Flow, Raise> {
    match step {
        Step::Nothing | Step::Label(_) => Ok(Flow::Next),
        // Nobody wants what an assignment gives as a statement.
        Step::Evaluate(Node::Declare(local, value)) => {
            let value = frame.evaluate(value)?;
            frame.declare(*local, value).map(|()| Flow::Next)
        }
        Step::Evaluate(Node::Assign(local, value)) => {
            let value = frame.evaluate(value)?;
            frame.assign(*local, value);
            Ok(Flow::Next)
        }
        Step::Evaluate(node) => frame.evaluate(node).map(|_| Flow::Next),
        Step::Block(steps) => block(frame, steps),
        Step::If(condition, then, otherwise) => {
            if frame.truth(condition)? {
                execute(frame, then)
            } else {
                otherwise.as_ref().map_or(Ok(Flow::Next), |otherwise| execute(frame, otherwise))
            }
        }
        Step::Return(node) => match node {
            Some(node) => frame.evaluate(node).map(Flow::Return),
            None => Ok(Flow::Return(Value::Null)),
        },
        Step::Break => Ok(Flow::Break),
        Step::Continue => Ok(Flow::Continue),
        Step::Goto(label) => Ok(Flow::Goto(*label)),
        rare => rarer(frame, rare),
    }
}

#[inline(never)]
fn rarer(frame: &mut Frame<'_, '_>, step: &Step) -> Result<Flow, Raise> {
    match step {
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
                    Flow::Next | Flow::Continue => {}
                    left => return Ok(left),
                }
                for node in after {
                    frame.evaluate(node)?;
                }
            }
        }
        Step::ForEach { source, item, take, body } => {
            let source = frame.evaluate(source)?;
            let mut cursor = frame.runtime.cursor(&source)?;
            while let Some(value) = cursor.next(frame.runtime)? {
                frame.runtime.step()?;
                frame.assign(*item, value);
                frame.evaluate(take)?;
                match execute(frame, body)? {
                    Flow::Break => break,
                    Flow::Next | Flow::Continue => {}
                    left => return Ok(left),
                }
            }
            Ok(Flow::Next)
        }
        Step::Switch { value, local, sections } => {
            let value = frame.evaluate(value)?;
            frame.assign(*local, value);
            switch(frame, sections)
        }
        Step::Hoist(cells, functions) => {
            for slot in cells {
                let cell = frame.runtime.cell(Value::Null)?;
                if let Some(place) = frame.runtime.locals.get_mut(frame.base + slot) {
                    *place = cell;
                }
            }
            for (slot, function) in functions {
                let function = frame.evaluate(function)?;
                frame.assign(*slot, function);
            }
            Ok(Flow::Next)
        }
        Step::Throw(node) => {
            let value = frame.evaluate(node)?;
            match frame.runtime.get(&value) {
                Some(Object::Exception(exception)) => Err(Raise::Exception(Box::new(exception.clone()))),
                _ => Err(null_reference()),
            }
        }
        Step::Rethrow => match frame.handling.last() {
            Some(exception) => Err(Raise::Exception(Box::new(exception.clone()))),
            None => Err(null_reference()),
        },
        Step::Try { body, catches, finally } => {
            let outcome = match block(frame, body) {
                Err(Raise::Exception(exception)) => handled(frame, catches, exception),
                other => other,
            };
            finally_after(frame, finally.as_deref(), outcome)
        }
        Step::Using { local, dispose, body } => {
            let outcome = execute(frame, body);
            // What no `catch` takes ends the evaluation: nothing of it runs any more.
            if !matches!(outcome, Err(Raise::Budget(_) | Raise::Unread(_))) && !frame.local(*local).is_null() {
                frame.evaluate(dispose)?;
            }
            outcome
        }
        // Every other step is a common one.
        _ => Ok(Flow::Next),
    }
}

fn switch(frame: &mut Frame<'_, '_>, sections: &[Section]) -> Result<Flow, Raise> {
    let mut chosen = None;
    'sections: for (index, section) in sections.iter().enumerate() {
        for test in section.tests.iter().flatten() {
            if frame.truth(test)? {
                chosen = Some(index);
                break 'sections;
            }
        }
    }
    let mut chosen = chosen.or_else(|| sections.iter().position(|section| section.tests.iter().any(Option::is_none)));
    loop {
        let Some(section) = chosen.and_then(|index| sections.get(index)) else { return Ok(Flow::Next) };
        match block(frame, &section.body)? {
            Flow::Break => return Ok(Flow::Next),
            Flow::Goto(label) => {
                frame.runtime.step()?;
                chosen = sections.iter().position(|section| section.labels.contains(&label));
                if chosen.is_none() {
                    return Ok(Flow::Goto(label));
                }
            }
            left => return Ok(left),
        }
    }
}

fn handled(frame: &mut Frame<'_, '_>, catches: &[Handler], exception: Box<Exception>) -> Result<Flow, Raise> {
    for handler in catches {
        if exception.is(&handler.class) && admits(frame, handler, &exception)? {
            frame.handling.push(exception.as_ref().clone());
            let outcome = block(frame, &handler.body);
            frame.handling.pop();
            return outcome;
        }
    }
    Err(Raise::Exception(exception))
}

fn admits(frame: &mut Frame<'_, '_>, handler: &Handler, exception: &Exception) -> Result<bool, Raise> {
    let object = frame.runtime.object(Object::Exception(exception.clone()))?;
    frame.declare(handler.local, object)?;
    match &handler.filter {
        None => Ok(true),
        // An exception in a filter counts as false.
        Some(filter) => match frame.truth(filter) {
            Err(Raise::Exception(_)) => Ok(false),
            other => other,
        },
    }
}

fn finally_after(frame: &mut Frame<'_, '_>, finally: Option<&[Step]>, outcome: Result<Flow, Raise>) -> Result<Flow, Raise> {
    match (finally, &outcome) {
        (_, Err(Raise::Budget(_) | Raise::Unread(_))) | (None, _) => outcome,
        (Some(finally), _) => match block(frame, finally)? {
            Flow::Next => outcome,
            left => Ok(left),
        },
    }
}
