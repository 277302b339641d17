//! `DateTime.Parse`: a date, a time or both, in any of many forms.

use super::{
    Failure, Fields, Parsed, Settings, full_year, is_letter, is_white,
    lexer::{Cursor, Separator, Unit, Word},
    states::{Complete, Next, State, Token, next},
    with_fraction,
};
use crate::dotnet::datetime::calendar::{date_ticks, days_in_month, parts, time_ticks};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

/// Reading in progress. `fields` holds what is settled; the rest waits until it is clear which field it is.
struct Reader<'a> {
    cursor: Cursor<'a>,
    settings: Settings,
    fields: Fields,
    numbers: Vec<i32>,
    month: Option<i32>,
    year: Option<i32>,
    half: Option<Half>,
    has_date: bool,
    has_time: bool,
    /// Fields that came with a suffix, which none may do twice.
    suffixes: Vec<Unit>,
}

/// Reads `text`.
pub fn parse(text: &[u16], settings: Settings) -> Result<Parsed, Failure> {
    if text.is_empty() {
        return Err(Failure::Bad);
    }
    let mut reader = Reader {
        cursor: Cursor::new(text),
        settings,
        fields: Fields::default(),
        numbers: Vec::with_capacity(3),
        month: None,
        year: None,
        half: None,
        has_date: false,
        has_time: false,
        suffixes: Vec::new(),
    };
    let mut state = State::Begin;
    let mut is_complete = false;
    loop {
        let Some(token) = reader.token(state)? else { continue };
        if token == Token::NumberLocalTime {
            return match state {
                State::YN | State::YND => reader.iso_time(),
                _ => Err(Failure::Bad),
            };
        }
        state = match next(state, token) {
            Next::To(state) => state,
            Next::Done(complete) => {
                reader.complete(complete)?;
                is_complete = true;
                State::Begin
            }
            Next::Error => return Err(Failure::Bad),
        };
        if matches!(token, Token::End | Token::NumberEnd | Token::MonthEnd) {
            break;
        }
    }
    if !is_complete {
        return Err(Failure::Bad);
    }
    let hour = reader.fields.hour.unwrap_or(0);
    reader.fields.hour = Some(match reader.half {
        Some(Half::Am) if hour > 12 => return Err(Failure::Bad),
        Some(Half::Am) if hour == 12 => 0,
        Some(Half::Pm) if hour > 23 => return Err(Failure::Bad),
        Some(Half::Pm) if hour < 12 => hour + 12,
        _ => hour,
    });
    reader.fields.finish(settings)
}

impl Reader<'_> {
    /// The next token; `None` for what is skipped.
    fn token(&mut self, state: State) -> Result<Option<Token>, Failure> {
        Ok(match self.cursor.word() {
            Word::End => Some(Token::End),
            Word::Number(None) => return Err(Failure::Bad),
            Word::Number(Some(number)) => self.number(state, number)?,
            Word::Year(year) => self.year(state, year)?,
            Word::DayOfWeek(day) => {
                if self.fields.day_of_week.replace(day).is_some() {
                    return Err(Failure::Bad);
                }
                Some(Token::DayOfWeek)
            }
            Word::Month(month) => {
                let before = self.cursor;
                if self.month.replace(month).is_some() {
                    return Err(Failure::Bad);
                }
                Some(match self.cursor.separator() {
                    Separator::End => Token::MonthEnd,
                    Separator::Space => Token::MonthSpace,
                    Separator::Date => Token::MonthDate,
                    Separator::DateOrOffset => self.date_or_offset(before, state, Token::MonthDate, Token::MonthSpace),
                    _ => return Err(Failure::Bad),
                })
            }
            Word::Era => Some(Token::Era),
            Word::Zone => {
                if self.fields.offset.replace(0).is_some() {
                    return Err(Failure::Bad);
                }
                self.fields.is_utc = true;
                Some(Token::Zone)
            }
            Word::Am => self.set_half(Half::Am)?,
            Word::Pm => self.set_half(Half::Pm)?,
            Word::Ignorable => None,
            Word::Unknown => self.unknown()?,
        })
    }

    fn set_half(&mut self, half: Half) -> Result<Option<Token>, Failure> {
        if self.half.replace(half).is_some() { Err(Failure::Bad) } else { Ok(None) }
    }

    fn unknown(&mut self) -> Result<Option<Token>, Failure> {
        let start = self.cursor;
        if start.unit().is_some_and(is_letter) {
            return Err(Failure::UnknownWord(start.at));
        }
        if self.fields.offset.is_none() && (start.is('-') || start.is('+')) {
            self.fields.offset = self.cursor.offset();
            if self.fields.offset.is_some() {
                return Ok(None);
            }
            self.cursor = start;
        }
        if self.punctuation() { Ok(None) } else { Err(Failure::Bad) }
    }

    /// Takes what Visual Basic puts round a date: a pair of `#`; and zero characters at the end.
    fn punctuation(&mut self) -> bool {
        if self.cursor.is('\0') {
            let is_end = self.cursor.rest().iter().all(|unit| *unit == 0);
            self.cursor.at = if is_end { self.cursor.text.len() } else { self.cursor.at };
            return is_end;
        }
        let mut hashes = 0;
        let fits = self.cursor.text.iter().all(|unit| match unit {
            0x23 => {
                hashes += 1;
                hashes <= 2
            }
            0 => hashes == 2,
            unit => hashes == 1 || is_white(*unit),
        });
        self.cursor.is('#') && fits && hashes == 2 && self.cursor.take('#')
    }

    /// A hyphen that completes nothing begins an offset: it is left for later.
    fn date_or_offset(&mut self, before: Cursor<'_>, state: State, date: Token, space: Token) -> Token {
        if next(state, date) == Next::Error && matches!(next(state, space), Next::Done(_)) {
            self.cursor.at = before.at;
            space
        } else {
            date
        }
    }

    /// A fraction of the second and an offset, which may stand directly behind a number of a time.
    fn behind_time(&mut self, state: State) -> Result<(), Failure> {
        let is_last = |cursor: &Cursor<'_>| cursor.at + 1 >= cursor.text.len();
        if state == State::NNT && !is_last(&self.cursor) && self.cursor.take('.') {
            self.fields.fraction = self.cursor.fraction().unwrap_or(0.0);
        }
        if matches!(state, State::NT | State::NNT) && !is_last(&self.cursor) {
            self.offset_behind()?;
        }
        Ok(())
    }

    fn offset_behind(&mut self) -> Result<(), Failure> {
        let mut ahead = self.cursor;
        ahead.skip_white();
        if ahead.is('+') || ahead.is('-') {
            self.cursor = Cursor { at: ahead.at, ..self.cursor };
            if self.fields.offset.is_some() {
                return Err(Failure::Bad);
            }
            self.fields.offset = Some(self.cursor.offset().ok_or(Failure::Bad)?);
        }
        Ok(())
    }

    fn year(&mut self, state: State, year: i32) -> Result<Option<Token>, Failure> {
        if self.numbers.len() == 3 {
            return Err(Failure::Bad);
        }
        self.behind_time(state)?;
        if self.year.replace(year).is_some() {
            return Err(Failure::Bad);
        }
        let before = self.cursor;
        Ok(Some(match self.cursor.separator() {
            Separator::End => Token::YearEnd,
            Separator::Am | Separator::Pm if self.half.is_some() => return Ok(None),
            Separator::Am => {
                self.half = Some(Half::Am);
                Token::YearSpace
            }
            Separator::Pm => {
                self.half = Some(Half::Pm);
                Token::YearSpace
            }
            Separator::Space => Token::YearSpace,
            Separator::Date => Token::YearDate,
            Separator::DateOrOffset => self.date_or_offset(before, state, Token::YearDate, Token::YearSpace),
            Separator::Suffix(unit) => self.suffix(unit, year)?,
            Separator::Time | Separator::LocalTime => return Err(Failure::Bad),
        }))
    }

    fn number(&mut self, state: State, number: i32) -> Result<Option<Token>, Failure> {
        if self.numbers.len() == 3 {
            return Err(Failure::Bad);
        }
        self.behind_time(state)?;
        let before = self.cursor;
        let token = match self.cursor.separator() {
            Separator::Am | Separator::Pm if self.half.is_some() => return Ok(None),
            mark @ (Separator::Am | Separator::Pm) => {
                self.half = Some(if mark == Separator::Am { Half::Am } else { Half::Pm });
                // `1/10 5 AM`: the date is complete before the time begins.
                if state == State::NNDate {
                    self.complete(Complete::NN)?;
                }
                self.numbers.push(number);
                if matches!(state, State::NT | State::NNT) && self.cursor.at + 1 < self.cursor.text.len() {
                    self.offset_behind()?;
                }
                return Ok(Some(Token::NumberAmPm));
            }
            Separator::Suffix(Unit::Year) => return self.suffix(Unit::Year, full_year(number)).map(Some),
            Separator::Suffix(unit) => return self.suffix(unit, number).map(Some),
            Separator::End => Token::NumberEnd,
            Separator::Space => Token::NumberSpace,
            Separator::Date => Token::NumberDate,
            Separator::DateOrOffset => self.date_or_offset(before, state, Token::NumberDate, Token::NumberSpace),
            Separator::Time => Token::NumberTime,
            Separator::LocalTime => Token::NumberLocalTime,
        };
        self.numbers.push(number);
        Ok(Some(token))
    }

    fn suffix(&mut self, unit: Unit, number: i32) -> Result<Token, Failure> {
        if self.suffixes.contains(&unit) {
            return Err(Failure::Bad);
        }
        self.suffixes.push(unit);
        let field = match unit {
            Unit::Year => &mut self.fields.year,
            Unit::Month => &mut self.fields.month,
            Unit::Day => &mut self.fields.day,
            Unit::Hour => &mut self.fields.hour,
            Unit::Minute => &mut self.fields.minute,
            Unit::Second => &mut self.fields.second,
        };
        *field = Some(number);
        match unit {
            Unit::Year => self.year = Some(number),
            Unit::Month => self.month = Some(number),
            _ => {}
        }
        Ok(if matches!(unit, Unit::Year | Unit::Month | Unit::Day) { Token::DateSuffix } else { Token::TimeSuffix })
    }

    /// Settles the numbers of something complete. Their order is that of the invariant culture: month, day, year; year, month.
    fn complete(&mut self, complete: Complete) -> Result<(), Failure> {
        use Complete as C;
        let number = |index: usize| self.numbers.get(index).copied().unwrap_or(0);
        let (n1, n2, n3) = (number(0), number(1), number(2));
        let (year, month) = (self.year.unwrap_or(0), self.month.unwrap_or(0));
        let is_date = matches!(complete, C::NN | C::NNN | C::MN | C::NM | C::MNN | C::YNN | C::NNY | C::YMN | C::YN | C::YM);
        let is_time = matches!(complete, C::TimeN | C::TimeNN | C::TimeNNN);
        if (is_date && self.has_date) || (is_time && self.has_time) {
            return Err(Failure::Bad);
        }
        let this_year = || parts(self.fields.now(self.settings)).year;
        let (year, month, day) = match complete {
            C::NN => (this_year(), n1, n2),
            C::NNN => (full_year(n3), n1, n2),
            C::MN => (this_year(), month, n1),
            C::NM => (full_year(n1), month, 1),
            C::MNN if (1..=days_in_month(full_year(n2), month)).contains(&n1) => (full_year(n2), month, n1),
            C::MNN => (full_year(n1), month, n2),
            C::YNN | C::NNY => (year, n1, n2),
            C::YMN => (year, month, n1),
            C::YN => (year, n1, 1),
            C::YM => (year, month, 1),
            C::TimeN if self.half.is_none() => return Err(Failure::Bad),
            C::TimeN => return self.set_time(n1, None, None),
            C::TimeNN => return self.set_time(n1, Some(n2), None),
            C::TimeNNN => return self.set_time(n1, Some(n2), Some(n3)),
            C::Suffixes => {
                self.numbers.clear();
                return Ok(());
            }
            C::SuffixesN if self.numbers.len() == 1 && self.fields.day.is_none() => {
                self.fields.day = Some(n1);
                self.numbers.clear();
                return Ok(());
            }
            C::NSuffixes if self.fields.month.is_some() && self.fields.year.is_none() => {
                (self.fields.year, self.fields.day) = (Some(full_year(n1)), Some(1));
                self.numbers.clear();
                return Ok(());
            }
            C::NNSuffixes => {
                let has = |unit| self.suffixes.contains(&unit);
                match (has(Unit::Year), has(Unit::Month), has(Unit::Day)) {
                    (true, false, false) => (full_year(year), n1, n2),
                    (false, true, false) => (full_year(n2), self.fields.month.unwrap_or(0), n1),
                    _ => return Err(Failure::Bad),
                }
            }
            C::SuffixesN | C::NSuffixes => return Err(Failure::Bad),
        };
        if date_ticks(year, month, day).is_none() {
            return Err(Failure::Bad);
        }
        (self.fields.year, self.fields.month, self.fields.day) = (Some(year), Some(month), Some(day));
        self.fields.year_is_default |= matches!(complete, C::NN | C::MN);
        self.has_date |= is_date && !matches!(complete, C::MN | C::NM);
        self.numbers.clear();
        Ok(())
    }

    fn set_time(&mut self, hour: i32, minute: Option<i32>, second: Option<i32>) -> Result<(), Failure> {
        self.fields.hour = Some(hour);
        self.fields.minute = minute.or(self.fields.minute);
        self.fields.second = second.or(self.fields.second);
        self.has_time = true;
        self.numbers.clear();
        Ok(())
    }

    /// The time of ISO 8601, behind its `T`: here digits come in pairs.
    fn iso_time(mut self) -> Result<Parsed, Failure> {
        let number = |index: usize| self.numbers.get(index).copied().unwrap_or(0);
        let date = date_ticks(self.year.unwrap_or(0), number(0), number(1));
        let hour = self.pair()?;
        self.cursor.skip_white();
        if !self.cursor.take(':') {
            return Err(Failure::Bad);
        }
        let minute = self.pair()?;
        self.cursor.skip_white();
        let (mut second, mut fraction) = (0, 0.0);
        if self.cursor.take(':') {
            second = self.pair()?;
            if self.cursor.take('.') {
                fraction = self.cursor.fraction().ok_or(Failure::Bad)?;
            }
            self.cursor.skip_white();
        }
        if self.cursor.is('+') || self.cursor.is('-') {
            self.fields.offset = Some(self.cursor.offset().ok_or(Failure::Bad)?);
        } else if self.cursor.take('Z') || self.cursor.take('z') {
            self.fields.offset = Some(0);
            self.fields.is_utc = true;
        }
        self.cursor.skip_white();
        if self.cursor.is('#') && !self.punctuation() {
            return Err(Failure::Bad);
        }
        self.cursor.skip_white();
        if self.cursor.is('\0') && !self.punctuation() {
            return Err(Failure::Bad);
        }
        if self.cursor.unit().is_some() {
            return Err(Failure::Bad);
        }
        let (Some(date), Some(time)) = (date, time_ticks(hour, minute, second)) else { return Err(Failure::Calendar) };
        let ticks = with_fraction(date + time, fraction)?;
        self.fields.in_zone(ticks, self.settings)
    }

    fn pair(&mut self) -> Result<i32, Failure> {
        self.cursor.skip_white();
        let mut digits = Cursor { text: self.cursor.text.get(..self.cursor.at + 2).ok_or(Failure::Bad)?, at: self.cursor.at };
        match digits.number() {
            (Some(value), 2) => {
                self.cursor.at += 2;
                Ok(value)
            }
            _ => Err(Failure::Bad),
        }
    }
}
