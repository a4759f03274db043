//! Problems: the errors in files that people write, as data. A variant is a sentence and its remedy.

use serde::{Deserialize, Serialize};

use super::date::Readings;
use super::finding::Finding;
use super::id::{Kind, OperatorId, ResourceId};
use super::message::{Argument, Rewrite, Word, messages, plain};
use super::objection::{IdObjection, KeyObjection, ValueObjection};
use super::outlook::Ahead;
use crate::model::language::Localized;

/// An error in a file, by its subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Problem {
    /// A file is not valid YAML, or uses unsupported YAML.
    Syntax(SyntaxProblem),
    /// A value does not fit its key.
    Value(ValueProblem),
    /// The workspace file is wrong.
    Workspace(WorkspaceProblem),
    /// The manifests are wrong, alone or together.
    Roster(RosterProblem),
    /// A file, a secret or a connection cannot be used.
    File(FileProblem),
    /// A finding makes the plan invalid.
    Finding(Box<Finding>),
}

macro_rules! subjects {
    ($($variant:ident($ty:ty)),+ $(,)?) => {
        $(impl From<$ty> for Problem {
            fn from(problem: $ty) -> Self {
                Self::$variant(problem)
            }
        })+

        impl Argument for Problem {
            fn rewrite(&mut self, with: &dyn Rewrite) {
                match self {
                    $(Self::$variant(problem) => problem.rewrite(with),)+
                    Self::Finding(finding) => finding.what.rewrite(with),
                }
            }
        }
    };
}

subjects! {
    Syntax(SyntaxProblem),
    Value(ValueProblem),
    Workspace(WorkspaceProblem),
    Roster(RosterProblem),
    File(FileProblem),
}

messages! {
    /// An error of syntax. A name is cut to a length that fits a line; it is `None` if it may be private.
    SyntaxProblem {
        /// The file is longer than the limit.
        FileTooLong { mebibytes: usize, most: usize },
        /// The file begins like UTF-16.
        Utf16,
        /// A byte is not UTF-8.
        NotUtf8 { position: usize, byte: u32 },
        /// The last character is incomplete.
        CutCharacter { position: usize },
        /// A control character in the file.
        ControlCharacter { code: u32 },
        /// A merge conflict was not resolved.
        ConflictMark { mark: Word },
        /// A placeholder was not filled in. `own`: it is similar to rosterctl's own.
        Unfilled { found: Option<String>, own: bool },
        /// An unfilled placeholder begins where YAML has a sign of its own.
        UnfilledBegins { mark: Word },
        /// An alias inside the value of its anchor.
        AliasInItself,
        /// The anchor of an alias is in another document.
        AnchorElsewhere,
        /// An alias has no anchor.
        NoAnchor { name: Option<String> },
        /// Aliases expand to too much.
        AliasesExpand,
        /// A key is a list or a map.
        KeyNotText,
        /// A key is missing.
        KeyMissing,
        /// A merge key.
        MergeKey,
        /// A key is given twice.
        KeyTwice { key: Option<String> },
        /// Lists and maps are nested too deep.
        TooDeep { most: usize },
        /// A value does not fit its tag.
        TagMisfit { tag: Word },
        /// A tag that is not supported.
        TagUnsupported { tag: Option<String> },
        /// A tag that cannot be read.
        TagUnreadable,
        /// A file has more problems than are listed.
        TooManyProblems { file: String, most: usize },
        /// An unquoted value begins with a reserved sign of YAML.
        ReservedSign { sign: char },
        /// `&` or `*` without a name.
        NameMissing { sign: char },
        /// A text block is not well formed.
        TextBlock,
        /// A byte order mark within the file.
        ByteOrderMark,
        /// A bracket closes nothing.
        StrayBracket,
        /// A list entry on the line of its key.
        EntryBesideKey,
        /// `? ` in a wrong place.
        QuestionMark,
        /// A value continues below a comment.
        ValueBelowRemark,
        /// A document cannot begin here.
        DocumentBegin,
        /// Something follows `...`.
        DocumentEnd,
        /// A tab indents.
        Tab,
        /// A sign of a Chinese keyboard.
        FullwidthSign { sign: char, meant: char },
        /// A blank that YAML reads as a letter.
        OddBlank { sign: char },
        /// A backslash begins no known escape.
        Escape,
        /// A `,` is missing between two entries.
        CommaMissing,
        /// Text follows a closing quote.
        TextAfterQuote,
        /// A quote is not closed.
        OpenQuote,
        /// A bracket is never closed.
        OpenBracket { bracket: char },
        /// An open bracket is followed by neither the next entry nor its end.
        InBracket { bracket: char },
        /// Text follows a closing bracket.
        TextAfterBracket,
        /// A `: ` inside an unquoted value.
        ColonInValue,
        /// There is no blank after the `:`.
        BlankMissing,
        /// A key is indented below a line that has a value.
        KeyIndented,
        /// A line is neither a field nor an entry.
        NeitherFieldNorEntry,
        /// A line is no entry of the list above it.
        NotAnEntry,
        /// The indentation matches no line above.
        Indentation,
        /// A value cannot begin so.
        ValueBegin,
        /// Anything else that is not YAML.
        NotYaml,
        /// The file holds no document.
        NoDocument,
        /// More errors than are listed.
        Unlisted { count: usize },
    }
}

messages! {
    /// An error in a value or a key, in any document.
    ValueProblem {
        /// A value has another shape than its key requires.
        WrongShape { what: Element, is: Shape, wanted: Wanted },
        /// A value has the right shape, but is not allowed.
        CannotBe { key: Word, given: String, wanted: Wanted },
        /// A key has no value.
        NoValue { key: Word },
        /// A key is missing.
        Missing { what: Element, key: Word },
        /// A key is unknown.
        UnknownField { what: Element, key: String, near: Option<Word>, known: Vec<Word> },
        /// An unquoted number, or flag, in place of a text.
        Unquoted { key: Word, text: String, flag: bool },
        /// A text is empty.
        Empty { key: Word },
        /// A set of words is empty.
        EmptySet { key: Word, known: Vec<Word> },
        /// A list is empty.
        EmptyList { key: Word },
        /// A number has leading zeros, a sign or another base.
        OddNumber { key: Word, text: String },
        /// A number is out of its bounds; `None` for a bound that is not shown.
        OutOfBounds { key: Word, text: String, least: Option<i64>, most: Option<i64> },
        /// A list has a duplicate item.
        ItemTwice { key: Word, item: String },
        /// A literal value in place of a secret's name.
        LiteralSecret { key: Word },
        /// A reference to a secret has an unknown key.
        SecretExtra { key: Word, allowed: Vec<Word> },
        /// A part of a reference to a secret is missing.
        SecretPart { key: Word, part: Word },
        /// A workspace file lies among the manifests.
        WorkspaceAmongManifests,
    }
}

messages! {
    /// An error in the workspace file.
    WorkspaceProblem {
        /// The file is empty.
        EmptyWorkspace,
        /// The file has a second document.
        SecondDocument,
        /// A path of `manifests` leads out of the folder.
        ManifestOutside { path: String },
        /// `manifests` is empty.
        NoManifestNamed,
        /// A store needs a secret of its own.
        StoreNeedsItself { store: String },
        /// A provider is unknown.
        UnknownProvider { provider: String, near: Option<Word>, known: Vec<Word> },
        /// A provider has a second connection.
        SecondConnection { provider: Word },
        /// Two connections hold one kind of resources.
        SecondHolder { kind: Kind },
        /// A value is no address, and may hold a password.
        NoAddress { key: Word, sandbox: bool },
        /// An address holds credentials, a query or a fragment.
        AddressHoldsMore { key: Word },
        /// An address is `http://` to another host. `lifted`: `allowInsecure` can allow it.
        InsecureAddress { key: Word, lifted: bool },
        /// A command puts the key of a secret into code.
        KeyAsCode { key: Word, store: String },
        /// A store is not declared.
        UnknownStore { store: String, near: Option<String>, declared: Vec<String> },
        /// A store cannot have a key.
        BadKey { store: String, key: String, form: KeyForm, why: KeyObjection },
        /// A store is read-only, but has to hold a generated password.
        NotWritable { store: String },
        /// More than one of several exclusive settings are given.
        MoreThanOne { what: Element, keys: Vec<Word> },
        /// None of several settings is given.
        NoneGiven { what: Element, keys: Vec<Word> },
        /// A setting that another one needs is missing.
        NeededBy { what: Element, key: Word, setting: Word, word: Word },
        /// A setting has an effect only if another one holds a word.
        OnlyWith { key: Word, setting: Word, word: Word },
        /// A URL is of no known kind, and may hold a password.
        UnknownUrl { key: Word, schemes: Vec<Word> },
        /// A duration is zero.
        ZeroDuration { key: Word },
        /// A value is no duration.
        NoDuration { key: Word },
        /// A value is no number of days.
        NoDays { key: Word, min: u32, most: u32, never: bool },
        /// A time zone is unknown.
        UnknownZone { zone: String, near: Option<String> },
        /// A value is no offset from UTC.
        NoOffset { key: Word },
        /// `ignore` names a resource twice.
        IgnoredTwice { id: ResourceId },
    }
}

messages! {
    /// An error in the manifests, alone or together.
    RosterProblem {
        /// A resource is declared twice.
        DeclaredTwice { kind: Kind, name: String },
        /// A profile is given twice.
        ProfileTwice { profile: String },
        /// A profile, or `defaults`, names a profile.
        ProfileNests { what: Element },
        /// A role, a skill group or a profile is not declared.
        UnknownName { what: NameKind, name: String, near: Option<String>, known: Vec<String> },
        /// `skillLevel` without `mainSkillGroup`.
        LevelWithoutGroup,
        /// Texts with placeholders grow beyond the limit.
        TextsGrow { most: u64 },
        /// A text holds a misspelt placeholder.
        Misspelt { found: String },
        /// The manifests declare too many agents.
        TooManyAgents { most: u64 },
        /// Too many queues select among the agents.
        TooManySelectors { most: usize, agents: usize },
        /// The queues select too many members.
        TooManyMembers { most: usize },
        /// Two queues are pinned to one number.
        PinnedTwice { queue: String, exten: String },
        /// A queue of the former name of another one is declared.
        FormerNameDeclared { queue: String, was: String },
        /// Two queues have one former name.
        FormerNameTwice { was: String },
        /// Two agents would have one SIP number.
        SipTwice { first: OperatorId, second: OperatorId, number: String },
        /// A selector matches no agent.
        SelectsNone { queue: String },
        /// A selector has no condition.
        SelectsByNothing,
        /// A queue has a duplicate member.
        MemberTwice { agent: OperatorId },
        /// A member is to be deleted.
        MemberAbsent { agent: OperatorId },
        /// An agent has one priority by a queue's list, and another one by its own `queues`.
        TwoPriorities { agent: OperatorId, queue: String, listed: i64, own: i64 },
        /// An agent names a queue by a name that two queues have.
        QueueOfTwo { queue: String },
        /// A queue has an empty list of members.
        NoMembers,
        /// No connection holds a kind of resources.
        NoConnection { kind: Kind, provider: Word },
        /// The vendor of a kind does not know a field.
        NoSuchField { kind: Kind, field: Word, provider: Word },
        /// An agent has both `operatorId` and `operatorIds`.
        TwoIds,
        /// An agent has neither.
        NoId,
        /// No manifest may use an agent's number.
        BadId { key: Word, id: String, why: IdObjection },
        /// A text is no range.
        NoRange { range: String },
        /// A range runs backwards.
        BackwardRange { range: String },
        /// A pool has too many agents.
        PoolTooLarge { agents: u64, most: u64 },
        /// The account of a seat holds an invisible character.
        HiddenInAccount { account: String },
        /// Agents share a password that would be rotated for one of them.
        SharedPassword { first: OperatorId, second: OperatorId, secret: String, version: Option<u32>, generate: bool },
        /// A period is given twice.
        PeriodTwice { period: String },
        /// An entry of `during` (or a span of a `period`) has no time.
        NoTime { period: bool },
        /// An entry of `during` has a period, and dates of its own.
        TwoTimes,
        /// An entry of `during` sets nothing.
        SetsNothing,
        /// A key cannot stand in `during`.
        NotDuring { key: Word },
        /// A date stands where an element has none.
        DatesNotHere { what: Element, key: Word },
        /// A tombstone has dates.
        DatesOfTombstone,
        /// A tombstone names queues.
        QueuesOfTombstone,
        /// The manifests hold a date, and the workspace has no time zone.
        NoTimeZone,
        /// The zone skips a local time, or has it twice.
        TwoReadings { date: String, readings: Readings },
        /// A span ends before it begins.
        BackwardSpan { from: String, until: String },
        /// Two entries of one layer set a field at the same time.
        SetTwice { key: Word },
        /// A value of `during` has no value to return to.
        NoBase { field: Word },
        /// No edit can set a field back. `value`: one value of it, else none.
        NoWayBack { field: Word, value: Option<String>, base: bool },
        /// The members of a queue have no base to return to.
        NoMemberBase { key: Word },
        /// All members of a queue are out of their dates.
        NoMembersNow { queue: String },
        /// An error lies ahead.
        Ahead { at: String, what: Ahead },
        /// A value of an agent or a queue is outside `scope`. `more`: so many others of its entry are, too.
        OutOfScope { id: ResourceId, key: Word, value: String, scope: String, more: usize },
        /// `ignore` names a declared resource.
        Ignored { id: ResourceId, reason: String },
        /// A manifest names a secret of the workspace.
        ReservedSecret { secret: String, user: String },
    }
}

messages! {
    /// The reason why a file, a secret or a connection cannot be used.
    FileProblem {
        /// The name of a file is not UTF-8.
        NameNotUtf8,
        /// A link leads out of the folders of manifests.
        LinkOut,
        /// A file belongs to a store, to Git or to rosterctl.
        ReservedFile,
        /// The manifests are too many files.
        TooManyFiles { count: usize, most: usize },
        /// The manifests have too many bytes.
        TooManyBytes { bytes: u64, most: u64 },
        /// A name under `manifests` is behind a link.
        BehindLink { name: String },
        /// A folder cannot be read.
        FolderUnreadable { name: String, why: String },
        /// A folder holds no manifest.
        NoManifest { name: String },
        /// A file or folder does not exist.
        NoSuchFile { name: String, workspace: String },
        /// A file cannot be read.
        Unreadable { path: String, why: String },
        /// A folder lies too deep.
        FolderTooDeep { most: usize },
        /// A link to a folder.
        LinkToFolder,
        /// A socket, a device or the like.
        NoPlainFile,
        /// A link leads to nothing.
        DanglingLink { why: String },
        /// Another workspace declares a resource in the same tenant. `absent`, `theirs`: with `state: absent` here, there.
        DeclaredElsewhere { id: ResourceId, workspace: String, absent: bool, theirs: bool },
        /// A password does not allow a sign-in. `more`: the number of other bad passwords of the same entry.
        BadPassword { secret: String, why: ValueObjection, more: usize },
        /// A secret cannot be read.
        SecretUnread { why: Localized, more: usize },
        /// A connection cannot be used.
        Connection { name: String, fault: ConnectionFault },
        /// A message of the system, and its remedy, which may be empty.
        Told { message: String, help: String },
    }
}

messages! {
    /// The reason why a connection cannot be used.
    ConnectionFault {
        /// It has no connector.
        NoConnector,
        /// It names no secret.
        NoSecret,
        /// Its secret cannot be read.
        SecretUnread { why: Localized },
        /// Its secret cannot be sent.
        BadSecret { setting: String, secret: String, why: ValueObjection },
        /// Its transport cannot be set up.
        Unusable { why: String },
    }
}

messages! {
    /// An element of a file, as sentences name it.
    Element {
        /// The value of a key.
        Key { key: Word },
        /// The workspace.
        Workspace,
        /// The ledger.
        Ledger,
        /// The policy.
        Policy,
        /// A connection.
        Connection { name: String },
        /// A store.
        Store { name: String },
        /// A manifest.
        Manifest,
        /// A profile.
        Profile { name: String },
        /// An agent.
        Agent,
        /// A queue.
        Queue,
        /// A member of a queue.
        Member,
        /// A member selector.
        Selector,
        /// A seat.
        Seat,
        /// An entry of `ignore`.
        Ignored,
        /// An entry of `during`.
        During,
        /// A period.
        Period { name: String },
        /// A SIP account.
        SipAccount,
        /// A reference to a secret.
        SecretReference,
    }
}

messages! {
    /// A value that a key requires.
    Wanted {
        /// A text.
        Text,
        /// `true` or `false`.
        Flag,
        /// A whole number.
        Number,
        /// One of some words, with the one nearest to the given value.
        Choice { words: Vec<Word>, near: Option<Word> },
        /// `auto`, `none` or a SIP account.
        Sip,
        /// A list.
        List,
        /// A mapping.
        Mapping,
        /// A mapping of profiles.
        Profiles,
        /// A mapping of periods.
        Periods,
        /// A day or a moment.
        Date,
        /// `FIRST..LAST`.
        Range,
        /// The id of a resource.
        Resource,
        /// A share or a count.
        Share,
        /// An address. `sandbox`: or the word `sandbox`.
        Address { sandbox: bool },
    }
}

/// The shape of a value in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// Nothing.
    Nothing,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A whole number.
    Whole,
    /// A number with a fraction.
    Fraction,
    /// Text.
    Text,
    /// A list.
    List,
    /// A mapping.
    Mapping,
}

/// The kind of a name that a roster declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NameKind {
    /// A role.
    Role,
    /// A skill group.
    SkillGroup,
    /// A profile.
    Profile,
    /// A period.
    Period,
}

/// The form of the keys of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyForm {
    /// The name of a variable.
    Variable,
    /// A path.
    Path,
    /// A path, and a field after a `#`.
    Field,
}

plain!(Shape, NameKind, KeyForm);

messages! {
    /// The label of the other place of a problem.
    Label {
        /// The first of two equal keys.
        FirstHere,
        /// The first of two.
        First,
        /// The other of two.
        Other,
        /// The queue that has a name now.
        QueueOfThatName,
        /// The start of an open bracket.
        OpenedHere,
        /// The base value to which a span returns.
        Base,
        /// The beginning of a span.
        Begins,
        /// An agent without a base value.
        Baseless,
        /// The rule that a date breaks.
        Rule,
        /// The `state: absent` of an agent.
        AbsentHere,
        /// The condition of `scope`.
        Scope,
        /// The entry of `ignore`.
        IgnoredHere,
        /// Another agent's reference to the password that it shares.
        Says { agent: OperatorId, version: Option<u32>, generate: bool },
    }
}
