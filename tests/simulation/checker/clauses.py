"""The clauses of the checker by name: every violation says which of them it breaks, and each has a planted fault."""

from enum import StrEnum


class Violation(str):
    """A sentence about what is wrong; ``clause`` is what it breaks."""

    __slots__ = ("clause",)
    clause: "Clause"


class Clause(StrEnum):
    """What must be true, by the name under which a report complains. Called with a sentence it is a violation."""

    # sequences
    GAP = "sequence without gaps"
    CHAIN = "chain of hashes"
    TIME = "nothing told before it happened"
    SAME_ID = "one id, one record"
    SAME_SEQ = "one place in a sequence, one record"
    ON_REFERENCE = "every version on its topic of reference data"
    ON_EVENTS = "every version on its topic of events"
    # lives
    LEGAL_MOVE = "legal move"
    SEEN_EXISTS = "what was seen exists"
    SEEN_GROWS = "what was seen grows"
    SEEN_CAUSE = "cause seen before"
    ROUND_GRANTED = "round granted"
    ONE_RELEASE = "one release a round"
    DRAFT_NAMED = "last draft named"
    DRAFT_RELEASED = "words as signed off"
    CLICK_SIGNED = "signed by who handed it in"
    CLICK_DRAFT = "click on the draft that was read"
    TAKEN_BACK = "not taken back after a reply"
    # words, and who may speak
    MASKED = "numbers masked in words"
    WORDS_SEALED = "words only from acceptance on"
    WORDS_SAME = "words as they were said"
    RAISED_BY = "raised by whose it is"
    RAISER_ONLY = "only its raiser rates and takes back"
    FILES_CARRIED = "files as handed in"
    WORDS_BESIDE = "corrected words beside the first"
    CONFIRMED = "withdrawn on behalf as confirmed"
    APPEAL_BY = "decided by who did not reject it"
    UNSPOKEN = "nothing said of a complaint"
    LINK_KEPT = "the newest link is the one that opens"
    # clocks
    CLOCK_STARTED_ONCE = "clock started once"
    CLOCK_STARTED = "clock started before anything else"
    CLOCK_DUE = "one due date"
    CLOCK_AFTER_STOP = "nothing after the stop"
    WARNED_ONCE = "warned once"
    WARNED_EARLY = "warned after the start"
    BREACHED_ONCE = "breached once"
    BREACHED_EARLY = "not breached early"
    ANNULLED_BREACH = "annulled what was breached"
    ANNULLED_LATE = "annulled by what was in time"
    STOPPED_ONCE = "stopped once"
    STOPPED_AS = "stopped as its events say"
    CLOCK_MISSING = "clock for each promise"
    BREACH_UNFOUNDED = "no breach of what was in time"
    BREACH_MISSING = "breach of what was late"
    CLOCK_ENDS = "clock ends with its cause"
    ANNULLED_IN_VAIN = "waits for what could be read"
    # terms of clocks
    TERMS_PUBLISHED = "published terms"
    TERMS_IN_FORCE = "terms in force"
    TERMS_LIMIT = "limit of the policy"
    TERMS_DUE = "due by the calendar"
    AS_PROMISED = "clock as promised"
    PROMISE_MOVED = "promise moved by the rejection alone"
    # new calendars and policies
    RENEWED_FOUNDED = "recalculated for what was published"
    RENEWED_RUNNING = "recalculated while it runs"
    RENEWED_DUE = "recalculated as counted"
    RENEWED_ALL = "every running clock recalculated"
    # the ladder
    LADDER_RISES = "steps only rise"
    LADDER_STANDS = "told of the step at which it stands"
    LADDER_EARLY = "not raised early"
    LADDER_DUE = "each step at its instant"
    LADDER_FOUNDED = "raised for what happened"
    LADDER_MISSING = "every step that was due"
    LADDER_UNFOUNDED = "no step that was not due"
    LADDER_EXPLAINED = "explained once and in time"
    LADDER_LIFTED_BY = "lifted by who may and has read it"
    # mergers
    MERGER_ENDS = "merger ends"
    MERGED_HOLDS = "merged holds nothing"
    MEMBER_ASKED = "every member asked"
    TRANSFER_OF_HELD = "transfer of what is held"
    TRANSFER_WHY = "transfer for its reason"
    TRANSFER_COUNT = "only returns count"
    MERGER_STOPS = "old holder told to stop"
    SUCCESSOR = "handed to a successor"
    HANDED_ONCE = "each side told once"
    # mistakes
    RETURNED = "not returned after a draft"
    ASKED_OF = "asked of that assignment"
    HANDED_ON = "handed on by who had it"
    DRAFTED_BY = "drafted by who is named"
    CORRECTED = "corrected beside the reply"
    CORRECTION_READ = "corrected what was read"
    CORRECTED_BY = "corrected by somebody else"
    SETTLED_BY = "settled by somebody else"
    CORRECTION_QUIET = "a correction moves nothing"
    TOLD = "department told of what was mended"
    # persons and enterprises
    FORGOTTEN = "who was erased is forgotten"
    NO_CONTACT = "no contact on events"
    REVISION_READ = "changed as it was read"
    # notices by mail
    MAILED_ONCE = "mailed once unless nobody was left to record it"
    NOTICE_SENT = "sent is what the mail server has"
    NOTICE_ENDS = "every notice ends"
    NOTICE_LATE = "tried for three days"
    # delivery and outcomes
    SET_ASIDE = "unusable is set aside"
    MARK_PASSED = "a mark in the log is passed over"
    APPLIED = "applied in its turn"
    APPLIED_EARLY = "not applied before its turn"
    HELD = "held what waits"
    HELD_IN_VAIN = "held nothing else"
    PASSED = "unknown types remembered"
    PASSED_IN_VAIN = "known types read again"
    ACKNOWLEDGED = "acknowledged is kept"
    OUTCOME = "every command has an outcome"
    ONE_OUTCOME = "one outcome"
    OUTCOME_OF_FAILURE = "failed until handed in"
    OUTCOME_OF_DISCARD = "discarded stays discarded"
    OUTCOME_APART = "old outcomes of known commands"
    INBOX_SIZE = "few outcomes in the document"
    # stores
    KIND_KEPT = "only own kinds kept"
    PUBLISHED = "published what was stored"
    PUBLISHED_SAME = "published as stored"
    STORED = "stored what was published"
    SWEEP_DUE = "sweep has its timer"
    SWEPT = "swept a day later"
    # timers
    STATE_KNOWN = "state in the table of timers"
    TERMINAL_QUIET = "nothing due after the end"
    FIRED = "fired when due"
    TIMER_SOMEWHERE = "somebody has a timer"
    TIMER_OF_CLOCK = "running clock has a deadline"
    TIMER_OWN = "own timer"
    POSTED_SELDOM = "posted a few times"
    POSTED_DUE = "posted once due"
    ONE_DEAD_LETTER = "one dead letter a deadline"
    # figures
    FIGURES_KNOWN = "known to the log"
    FIGURES_SAME = "state as the log says"
    # said by the judge of a simulated run
    COMES_TO_REST = "comes to rest"
    REPLAY_PUBLISHES = "replay publishes nothing new"
    REPLAY_CHANGES = "replay changes nothing"
    BUILT_AGAIN = "built again the same"

    def __call__(self, sentence: str) -> Violation:
        """A violation of this clause; ``sentence`` names subject and record."""
        violation = Violation(f"{sentence} ({self.value})")
        violation.clause = self
        return violation
