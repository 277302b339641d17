//! The states that reading a date goes through: which kind of token may follow which.
//!
//! The grammar is that of dotnet/runtime's `DateTimeParse.cs` (its table of states), here written by state.
#![allow(clippy::upper_case_acronyms, reason = "the names are those of dotnet/runtime: year, month, number, token, day")]

/// What a token turned out to be: a number, a month or a year with what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    End,
    NumberEnd,
    NumberAmPm,
    NumberSpace,
    NumberDate,
    NumberTime,
    MonthEnd,
    MonthSpace,
    MonthDate,
    DateSuffix,
    TimeSuffix,
    DayOfWeek,
    YearSpace,
    YearDate,
    YearEnd,
    Zone,
    Era,
    /// A number with the `T` of ISO 8601 behind it.
    NumberLocalTime,
}

/// How far a date or a time has been read: `N` is a number, `M` a month's name, `Y` a year, a trailing `D` or `T` a separator of a
/// date or of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Begin,
    N,
    NN,
    ND,
    NNDate,
    NND,
    M,
    MN,
    NM,
    MND,
    NSuffix,
    Y,
    YN,
    YND,
    YM,
    YMD,
    DateSuffix,
    TimeSuffix,
    NT,
    NNT,
}

/// What is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    NN,
    NNN,
    MN,
    NM,
    MNN,
    Suffixes,
    SuffixesN,
    NSuffixes,
    NNSuffixes,
    YNN,
    YMN,
    YN,
    YM,
    NNY,
    TimeN,
    TimeNN,
    TimeNNN,
}

/// Where a token leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// On.
    To(State),
    /// To something complete; reading begins again behind it.
    Done(Complete),
    /// Nowhere.
    Error,
}

/// Where a token leads from a state.
pub fn next(state: State, token: Token) -> Next {
    use Complete as C;
    use Next::{Done, Error, To};
    use State as S;
    use Token as T;
    match (state, token) {
        // A day's name may stand nearly anywhere, and so may an era; a zone only where no date has begun.
        (S::NT, T::DayOfWeek) | (_, T::NumberLocalTime) => Error,
        (S::YND, T::DayOfWeek | T::Era) => To(S::YN),
        (S::YMD, T::DayOfWeek | T::Era) => To(S::YM),
        (state, T::DayOfWeek | T::Era) => To(state),
        (S::Begin | S::N | S::NN | S::TimeSuffix | S::NT | S::NNT, T::Zone) => To(state),
        (_, T::Zone) => Error,

        (S::Begin, T::End) => To(S::Begin),
        (S::Begin, T::NumberAmPm) => Done(C::TimeN),
        (S::Begin, T::NumberSpace) => To(S::N),
        (S::Begin, T::NumberDate) => To(S::ND),
        (S::Begin, T::NumberTime) => To(S::NT),
        (S::Begin, T::MonthSpace | T::MonthDate) => To(S::M),
        (S::Begin, T::DateSuffix) => To(S::DateSuffix),
        (S::Begin, T::YearSpace | T::YearDate) => To(S::Y),

        (S::N, T::NumberEnd) => Done(C::NN),
        (S::N, T::NumberAmPm) => Done(C::TimeNN),
        (S::N, T::NumberSpace) => To(S::NN),
        (S::N, T::MonthSpace) => To(S::NM),
        (S::N, T::DateSuffix) => To(S::NSuffix),
        (S::N, T::TimeSuffix) => Error,
        (S::ND, T::NumberEnd) => Done(C::NN),
        (S::ND, T::NumberSpace) => To(S::NNDate),
        (S::ND, T::MonthSpace) => To(S::MN),
        (S::N | S::ND, T::NumberDate) => To(S::NND),
        (S::N | S::ND, T::MonthEnd) => Done(C::NM),
        (S::N | S::ND, T::MonthDate) => To(S::MND),
        (S::N | S::ND, T::YearSpace) => To(S::YN),
        (S::N | S::ND, T::YearDate) => To(S::YND),
        (S::N | S::ND, T::YearEnd) => Done(C::YN),

        (S::NN, T::NumberAmPm) => Done(C::TimeNNN),
        (S::NNDate, T::NumberAmPm) => Done(C::TimeN),
        (S::NND, T::NumberAmPm) => Done(C::NNN),
        (S::NN | S::NNDate, T::End) => Done(C::NN),
        (S::NN | S::NNDate, T::NumberTime) => To(S::NT),
        (S::NNDate | S::NND, T::DateSuffix) => Done(C::Suffixes),
        (S::NND, T::TimeSuffix) => Error,
        (S::NN | S::NNDate | S::NND, T::NumberEnd | T::NumberSpace) => Done(C::NNN),
        (S::NN | S::NNDate | S::NND, T::MonthEnd | T::MonthSpace) => Done(C::MNN),
        (S::NN | S::NNDate | S::NND, T::YearSpace | T::YearEnd) => Done(C::NNY),

        (S::M, T::NumberEnd) => Done(C::MN),
        (S::M, T::NumberSpace) => To(S::MN),
        (S::M, T::NumberDate) => To(S::MND),
        (S::M, T::YearSpace) => To(S::YM),
        (S::M, T::YearDate) => To(S::YMD),
        (S::M, T::YearEnd) => Done(C::YM),
        (S::MN, T::End) => Done(C::MN),
        (S::NM, T::End) => Done(C::NM),
        (S::MND, T::NumberAmPm) => Error,
        (S::MN | S::NM | S::MND, T::NumberEnd | T::NumberAmPm | T::NumberSpace) => Done(C::MNN),
        (S::MN | S::NM, T::NumberTime) => To(S::NT),
        (S::MN | S::NM, T::DateSuffix) => Done(C::Suffixes),
        (S::MN | S::NM | S::MND, T::YearSpace | T::YearEnd) => Done(C::YMN),

        (S::NSuffix, T::End) => Done(C::NSuffixes),
        (S::NSuffix, T::NumberEnd | T::NumberAmPm | T::NumberSpace) => Done(C::NNSuffixes),
        (S::NSuffix, T::NumberTime) => To(S::NT),
        (S::NSuffix, T::DateSuffix) => To(S::NSuffix),

        (S::Y, T::NumberEnd) => Done(C::YN),
        (S::Y, T::NumberSpace) => To(S::YN),
        (S::Y, T::NumberDate) => To(S::YND),
        (S::Y, T::MonthEnd) => Done(C::YM),
        (S::Y, T::MonthSpace | T::DateSuffix) => To(S::YM),
        (S::Y, T::MonthDate) => To(S::YMD),
        (S::YN, T::End) => Done(C::YN),
        (S::YN | S::YND, T::NumberEnd | T::NumberAmPm | T::NumberSpace) => Done(C::YNN),
        (S::YN | S::YND, T::MonthEnd | T::MonthSpace) => Done(C::YMN),
        (S::YM, T::End) => Done(C::YM),
        (S::YM | S::YMD, T::NumberEnd | T::NumberAmPm | T::NumberSpace) => Done(C::YMN),

        (S::DateSuffix, T::End) => Done(C::Suffixes),
        (S::DateSuffix, T::NumberEnd) => Done(C::SuffixesN),
        (S::DateSuffix, T::NumberAmPm) => Done(C::TimeN),
        (S::DateSuffix, T::NumberTime) => To(S::NT),
        (S::TimeSuffix, T::End | T::NumberEnd | T::NumberAmPm) => Done(C::Suffixes),
        (S::TimeSuffix, T::NumberDate) => To(S::ND),
        (S::DateSuffix | S::TimeSuffix, T::NumberSpace) => To(S::NT),
        (S::DateSuffix | S::TimeSuffix, T::DateSuffix) => To(S::DateSuffix),

        (S::NT, T::NumberEnd | T::NumberAmPm | T::NumberSpace) => Done(C::TimeNN),
        (S::NT, T::NumberTime) => To(S::NNT),
        (S::NT, T::MonthEnd) => Done(C::NM),
        (S::NT, T::MonthSpace) => To(S::NM),
        (S::NNT, T::NumberEnd | T::NumberAmPm | T::NumberSpace) => Done(C::TimeNNN),

        (S::Begin | S::NN | S::NNDate | S::MN | S::NM | S::NSuffix | S::DateSuffix | S::TimeSuffix | S::NT | S::NNT, T::TimeSuffix) => {
            To(S::TimeSuffix)
        }
        _ => Error,
    }
}
