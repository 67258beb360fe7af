-- The portal's projection: every table is made of events alone and may be thrown away and built again.
--
-- Instants (`…_at`, `…_until`) are whole milliseconds since 1970 in UTC; dates (`…_on`) are text, 2026-11-25; a truth is
-- 0 or 1; lists and objects are JSON text. NULL: not known, or not yet. Nothing here names a person who raises issues:
-- `person` is a reference; officials are named by their accounts (`…_by`).
-- Each column is written from the events of one owner alone, whose name stands over it; what combines several owners is
-- a generated column. So the order in which the topics are read changes nothing.

-- One row for each issue that any owner has spoken of; `number` is NULL as long as intake has not.
CREATE TABLE issue (
    id TEXT PRIMARY KEY,

    -- intake: issue.registered
    number TEXT,
    jurisdiction TEXT,
    kind TEXT,                    -- problem, suggestion
    origin TEXT,                  -- the source: talk, online_column, hotline, …
    phase TEXT,                   -- before, at, after a talk
    occasion TEXT,                -- JSON: {on, visited_by, id}
    talk TEXT,                    -- the talk it was raised for, at or after, by id; NULL: none
    urgent INTEGER,
    anonymous INTEGER,
    person TEXT,                  -- reference of who raised it; of an anonymous issue one of that issue alone
    recorded_by TEXT,             -- the official who wrote it down for them; '' when they did it themselves
    enterprise TEXT,              -- credit code, or ''
    attachments TEXT,             -- JSON: [{hash, media_type, bytes}]
    registered_at INTEGER,
    month TEXT,                   -- of the registration, Asia/Shanghai: 2026-11
    -- intake: promise.started
    promised_at INTEGER,          -- the date the raiser was told; nothing moves it
    promise_limit TEXT,           -- 10wd
    provisional TEXT,             -- why the date could still move when it was told; NULL: it could not
    policy TEXT,                  -- the versions the promise was counted by
    calendar TEXT,
    -- intake: promise.expected, as long as its talk is to come; what is promised counts more
    expected_at INTEGER,          -- when the reply is due if the talk is held as planned
    expected_because TEXT,        -- why that may move: talk_not_held
    talk_ends_at INTEGER,         -- when the talk is planned to end
    -- intake: where it stands there, since when, and the place of that event in intake's sequence of this issue
    intake_state TEXT,            -- registered, accepted, rejected, appealed, referred, withdrawn
    intake_moved_at INTEGER,
    intake_moved_seq INTEGER,
    accepted_at INTEGER,
    accepted_by TEXT,
    rejected_at INTEGER,
    rejected_by TEXT,
    ground TEXT,                  -- litigation, review, arbitration, petition
    explanation TEXT,
    appeal_until INTEGER,
    appealed_at INTEGER,
    appeal_due_at INTEGER,        -- the promised instant after the appeal
    appeal_decided_at INTEGER,
    appeal_decided_by TEXT,
    appeal_reason TEXT,
    appeal_upheld INTEGER,
    referred_at INTEGER,
    referred_by TEXT,
    body TEXT,                    -- to whom it was referred
    addressee TEXT,
    referral_reason TEXT,
    receipt_number TEXT,
    receipt_on TEXT,
    withdrawn_at INTEGER,
    withdrawn_by TEXT,            -- the official who recorded it; '' when the person did it
    withdrawal_reason TEXT,
    withdrawal_confirmed_by TEXT, -- link, call, in_person
    withdrawal_confirmed_at INTEGER,
    corrected_version INTEGER,    -- of the newest corrected words; NULL: never corrected
    corrected_at INTEGER,
    supplied INTEGER,             -- the newest question of a department that the raiser answered
    material INTEGER,             -- the newest question of the office, before it was taken on
    material_ends_at INTEGER,     -- when that ends by itself
    confirmed_version INTEGER,    -- of the words the person confirmed last
    confirmed_at INTEGER,
    disclosed INTEGER,            -- the reply round that everybody may read, without names; NULL: none

    -- dispatch
    dispatch_state TEXT,          -- assigned, in_progress, suspended, returned, drafted, signed_off, checked, replied, waiting (recalled)
    dispatch_moved_at INTEGER,
    holder TEXT,                  -- code of the department that holds it; '' after a recall
    assignment TEXT,              -- the current one, <issue>.<n>; '' after a recall
    handler TEXT,                 -- of the current assignment; '' as long as nobody is named
    substitute TEXT,
    assigned_first_at INTEGER,
    transfers INTEGER,            -- how many returns were upheld
    extension INTEGER,            -- the extension asked for on which the office decides; NULL: none
    pause INTEGER,                -- the pause asked for, likewise
    paused INTEGER,               -- the pause that is in force
    question INTEGER,             -- the question to the raiser that is open, numbered with the pauses; NULL: none
    question_ends_at INTEGER,     -- when it ends by itself
    draft INTEGER,                -- number of the newest draft
    draft_round INTEGER,
    replied_round INTEGER,        -- the newest round whose reply is out
    replied_by TEXT,              -- the department that answered it
    first_replied_at INTEGER,
    last_replied_at INTEGER,
    outcome TEXT,                 -- of the newest reply, corrections included
    outcome_class TEXT,           -- A, B, C
    promised_on TEXT,             -- a planned outcome's date, corrections included
    reply_version INTEGER,        -- 1 as released, 2 the first correction

    -- supervision
    promise_due_at INTEGER,       -- of the first round's promise clock, as it runs now
    promise_may_move INTEGER,     -- whether that date rests on a year without a notice; NULL: not known
    assign_due_at INTEGER,        -- of the first assign clock
    breached INTEGER,             -- the first round's promise clock was breached, and that was not annulled
    next_clock TEXT,              -- of all clocks that run but co-handlers', the one due first; NULL: none runs
    next_due_at INTEGER,
    next_assignment TEXT,
    ladder_step INTEGER,          -- the step of the ladder at which it stands: the lamp; 0: it came down; NULL: never raised
    ladder_at INTEGER,            -- the instant of that step, or when it came down
    ladder_because TEXT,          -- breach, no_answer, dissatisfied_again, extensions, appealed; ended, annulled, person
    ladder_lifted_at INTEGER,     -- when a person lifted it last
    listed TEXT,                  -- why it is looked at again: tracked, promised, sample; while a tracking clock runs
    look_round INTEGER,           -- the round that is looked at
    looked_at INTEGER,            -- the newest look, and what it found
    looked_by TEXT,
    finding TEXT,                 -- not_yet, kept, broken
    found TEXT,                   -- in words
    look_next_on TEXT,            -- the day of the next one
    look_back TEXT,               -- kept or broken, of the last one that said so

    -- feedback
    feedback_state TEXT,          -- invited, rated, lapsed, rework_asked, rework, tracked, closed
    feedback_moved_at INTEGER,
    feedback_read INTEGER,        -- how far feedback had read intake when it said so
    feedback_round INTEGER,       -- the round that its newest event is about
    open_until INTEGER,           -- of the newest invitation
    rated_round INTEGER,          -- the newest round that was rated, and how
    rated_at INTEGER,
    satisfaction TEXT,            -- satisfied, basically_satisfied, dissatisfied
    solved TEXT,                  -- yes, partly, no
    invited_first_at INTEGER,
    closed_at INTEGER,
    closed_because TEXT,          -- rated, lapsed, rework_refused, ruled_finished
    closed_by TEXT,
    closed_words TEXT,

    -- intake's words, masked, from the acceptance on; last, because they are long
    title TEXT,
    text TEXT,
    corrected_title TEXT,
    corrected_text TEXT,

    -- Where it stands, in the words users see. What crossed is resolved as docs/loop.md says and qinqing report --from-log
    -- counts: closed wins; an end that intake decided counts, unless feedback had read it and went on (the invitation
    -- had lapsed before), or has yet to find that it had lapsed.
    state TEXT GENERATED ALWAYS AS (
        CASE
        WHEN feedback_state = 'closed' THEN 'closed'
        WHEN intake_state IN ('withdrawn', 'referred') AND NOT coalesce(
            feedback_read >= intake_moved_seq
            OR (feedback_state = 'invited' AND open_until < intake_moved_at), 0) THEN intake_state
        WHEN intake_state IN ('rejected', 'appealed') AND feedback_state IS NULL THEN intake_state
        WHEN feedback_state IN ('rework_asked', 'tracked') THEN feedback_state
        WHEN feedback_state = 'rework' AND coalesce(replied_round, 0) < feedback_round
            AND dispatch_state IN ('replied', 'in_progress') THEN 'rework'
        WHEN dispatch_state IN ('drafted', 'signed_off', 'checked') THEN 'reviewing'
        WHEN dispatch_state = 'waiting' THEN 'accepted'
        WHEN dispatch_state IS NOT NULL THEN dispatch_state
        ELSE intake_state
        END
    ) STORED,
    -- NULL while it is open: a rejection that is appealed against is no end.
    ended_at INTEGER GENERATED ALWAYS AS (
        CASE WHEN state = 'closed' THEN closed_at
        WHEN state IN ('withdrawn', 'referred', 'rejected') THEN intake_moved_at END
    ) STORED,
    -- Whether the office has to decide on more time.
    asked INTEGER GENERATED ALWAYS AS (extension IS NOT NULL OR pause IS NOT NULL) STORED,
    -- The question that waits for the raiser's answer, and until when; NULL: none does.
    to_answer INTEGER GENERATED ALWAYS AS (
        CASE WHEN intake_state = 'awaiting_material' THEN material
        WHEN question > coalesce(supplied, 0) THEN question END
    ) STORED,
    answer_until INTEGER GENERATED ALWAYS AS (
        CASE WHEN intake_state = 'awaiting_material' THEN material_ends_at ELSE question_ends_at END
    ) STORED,
    -- What is due to the raiser: the first promise, as an appeal, an extension or a pause moved it.
    due_at INTEGER GENERATED ALWAYS AS (coalesce(promise_due_at, promised_at)) STORED,
    -- Whether that date may still move, as supervision said last, else as it was promised.
    may_move INTEGER GENERATED ALWAYS AS (coalesce(promise_may_move, provisional IS NOT NULL)) STORED,
    -- Of figures: who answered last, else who holds it; '' for nobody.
    department TEXT GENERATED ALWAYS AS (coalesce(replied_by, holder, '')) STORED,
    -- The newest thing any owner said of it; 0 for nothing.
    moved_at INTEGER GENERATED ALWAYS AS (
        max(coalesce(intake_moved_at, 0), coalesce(dispatch_moved_at, 0), coalesce(feedback_moved_at, 0))
    ) STORED
);
-- Lists, each in keyset pages: (…, next_due_at, id) by what is most urgent, (…, registered_at, id) by age.
CREATE INDEX issue_by_state ON issue (state, next_due_at, id) WHERE registered_at IS NOT NULL;
CREATE INDEX issue_by_holder ON issue (holder, state, next_due_at, id);
CREATE INDEX issue_by_handler ON issue (
    holder, state, handler, substitute, next_due_at, id, dispatch_state, registered_at
);
CREATE INDEX issue_by_due ON issue (next_due_at, id) WHERE next_due_at IS NOT NULL;
-- Of the board: what is not on it stands in neither. Counting reads the index alone: SQLite asks again for the
-- columns that its condition names.
CREATE INDEX issue_by_holder_due ON issue (coalesce(holder, ''), next_due_at, id, holder, registered_at, paused, jurisdiction)
    WHERE next_due_at IS NOT NULL AND registered_at IS NOT NULL AND paused IS NULL;
CREATE INDEX issue_lit ON issue (coalesce(holder, ''), ladder_step, holder, registered_at)
    WHERE ladder_step > 0 AND registered_at IS NOT NULL;
CREATE INDEX issue_unanswered ON issue (registered_at, id)
    WHERE registered_at IS NOT NULL AND first_replied_at IS NULL AND ended_at IS NULL;
CREATE INDEX issue_by_person ON issue (person, registered_at, id);
CREATE INDEX issue_by_recorder ON issue (recorded_by, registered_at, id) WHERE recorded_by <> '';
CREATE INDEX issue_by_enterprise ON issue (enterprise, registered_at, id) WHERE enterprise <> '';
CREATE INDEX issue_by_step ON issue (ladder_step, next_due_at, id) WHERE ladder_step > 0;
CREATE INDEX issue_by_age ON issue (registered_at, id);
CREATE INDEX issue_by_origin ON issue (origin, registered_at, id);
CREATE INDEX issue_asked ON issue (state, next_due_at, id) WHERE asked = 1;
CREATE INDEX issue_looked_back ON issue (look_back, department, month) WHERE look_back IS NOT NULL;
CREATE INDEX issue_listed ON issue (listed, department, id) WHERE listed IS NOT NULL;
CREATE INDEX issue_urgent ON issue (registered_at, id) WHERE urgent = 1;
CREATE INDEX issue_anonymous ON issue (anonymous, number, id, person) WHERE anonymous = 1;
CREATE INDEX issue_promised ON issue (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX issue_to_assign ON issue (assign_due_at) WHERE assign_due_at IS NOT NULL;
CREATE INDEX issue_by_talk ON issue (talk, registered_at, id) WHERE talk IS NOT NULL;
CREATE INDEX issue_by_month ON issue (month, department, origin, state);

-- One department's part of one issue.
CREATE TABLE assignment (
    issue TEXT NOT NULL,
    id TEXT NOT NULL,             -- <issue>.<n>
    -- dispatch; `department` is NULL as long as dispatch has not named it
    department TEXT,
    round INTEGER,                -- of replies, in which it was assigned
    head TEXT,                    -- the post of its head
    assigned_at INTEGER,
    assigned_by TEXT,
    chosen_by TEXT,               -- person, rule, model; NULL after a transfer
    rules TEXT,                   -- the version that chose
    terms TEXT,                   -- JSON: the words by which a rule chose
    confidence REAL,
    from_assignment TEXT,         -- the one it came from by a transfer
    why TEXT,                     -- return, merger
    signed_at INTEGER,
    signed_by TEXT,
    returned_at INTEGER,          -- the newest return, and how it was ruled on
    returned_by TEXT,
    return_reason TEXT,
    ruled_at INTEGER,
    ruled_by TEXT,
    upheld INTEGER,
    ruling_reason TEXT,
    recalled_at INTEGER,
    recalled_by TEXT,
    recall_reason TEXT,
    passed_on_at INTEGER,         -- transferred to another department
    handler TEXT,
    substitute TEXT,
    handler_named_at INTEGER,
    handler_named_by TEXT,
    -- supervision: the newest clocks of it
    sign_due_at INTEGER,
    holding_due_at INTEGER,       -- of the first round
    PRIMARY KEY (issue, id)
) WITHOUT ROWID;
CREATE INDEX assignment_to_sign ON assignment (sign_due_at) WHERE sign_due_at IS NOT NULL;
CREATE INDEX assignment_by_department ON assignment (department, assigned_at, issue);

-- What is known of a draft outside of its department: never its words. Dispatch.
CREATE TABLE draft (
    issue TEXT NOT NULL,
    number INTEGER NOT NULL,
    assignment TEXT,
    department TEXT,
    round INTEGER,
    sha256 TEXT,
    outcome TEXT,
    drafted_at INTEGER,
    drafted_by TEXT,
    signed_off_at INTEGER,
    signed_off_by TEXT,
    checked_at INTEGER,
    checked_by TEXT,
    sent_back_at INTEGER,         -- the last time
    sent_back_by TEXT,
    sent_back_reason TEXT,
    released_at INTEGER,
    released_by TEXT,
    PRIMARY KEY (issue, number)
) WITHOUT ROWID;

-- More time that was asked for, and what became of it. Dispatch.
CREATE TABLE request (
    issue TEXT NOT NULL,
    what TEXT NOT NULL,           -- extension, pause
    number INTEGER NOT NULL,      -- the how-manieth of its kind on this issue
    assignment TEXT,
    department TEXT,
    round INTEGER,
    asked_at INTEGER,
    asked_by TEXT,
    reason TEXT,                  -- of a question its words
    question INTEGER,             -- 1: the raiser was asked by it, and the holder's own clock paused
    ground TEXT,                  -- of a pause: waiting_for_entrepreneur, statutory_procedure, force_majeure
    basis TEXT,                   -- its legal basis
    until_on TEXT,                -- the day that an extension asks for
    days INTEGER,                 -- how many working days that is
    decided_at INTEGER,
    decided_by TEXT,
    granted INTEGER,
    refusal TEXT,                 -- why it was refused
    ends_at INTEGER,              -- when a pause ends by itself
    ended_at INTEGER,             -- when it lapsed, or the pause was over
    ended_because TEXT,           -- person, answered, time_over, breached, assignment_over
    PRIMARY KEY (issue, what, number)
) WITHOUT ROWID;

-- Departments that were asked for an opinion, and what became of that; the words stay in dispatch. Dispatch.
CREATE TABLE co_handler (
    issue TEXT NOT NULL,
    id TEXT NOT NULL,             -- its assignment, <issue>.c<n>
    department TEXT,
    round INTEGER,
    head TEXT,                    -- the post of its head
    wanted TEXT,                  -- what the opinion is to be on
    due_at INTEGER,               -- as it was told; how it runs now is its clock's
    added_at INTEGER,
    added_by TEXT,
    heard_at INTEGER,
    heard_by TEXT,
    agrees INTEGER,
    released_at INTEGER,          -- since when its opinion is wanted no more
    released_by TEXT,
    released_because TEXT,        -- person, replied, ended, leads, merged
    release_reason TEXT,
    PRIMARY KEY (issue, id)
) WITHOUT ROWID;
CREATE INDEX co_handler_by_department ON co_handler (department, issue) WHERE released_at IS NULL;

-- What the office asked the raiser before it took the issue on, and the answer. Intake.
CREATE TABLE material (
    issue TEXT NOT NULL,
    request INTEGER NOT NULL,
    words TEXT,
    asked_at INTEGER,
    ends_at INTEGER,
    text TEXT,                    -- NULL until the issue is taken on: intake alone has it before
    attachments TEXT,             -- JSON: [{hash, media_type, bytes}]
    at INTEGER,                   -- when it was answered
    by TEXT,                      -- the official who wrote it down; '' when the raiser did
    ended_at INTEGER,             -- when it lapsed
    PRIMARY KEY (issue, request)
) WITHOUT ROWID;

-- What the raiser answered to a department's question. Intake.
CREATE TABLE answer (
    issue TEXT NOT NULL,
    request INTEGER NOT NULL,     -- the number of the question
    department TEXT,
    text TEXT,
    attachments TEXT,             -- JSON: [{hash, media_type, bytes}]
    at INTEGER,
    by TEXT,                      -- the official who wrote it down; '' when the raiser did
    PRIMARY KEY (issue, request)
) WITHOUT ROWID;

-- Every reply that is out, and every corrected version beside it. Dispatch.
CREATE TABLE reply (
    issue TEXT NOT NULL,
    round INTEGER NOT NULL,
    version INTEGER NOT NULL,     -- 1 as it was released
    assignment TEXT,
    department TEXT,
    draft INTEGER,                -- NULL for a correction
    sha256 TEXT,
    outcome TEXT,
    outcome_class TEXT,
    promised_on TEXT,
    at INTEGER,
    by TEXT,
    reason TEXT,                  -- of a correction
    text TEXT,
    PRIMARY KEY (issue, round, version)
) WITHOUT ROWID;

-- Replies that are public, or were, in words that name nobody. Intake.
CREATE TABLE disclosure (
    issue TEXT PRIMARY KEY,
    round INTEGER,
    title TEXT,
    text TEXT,
    reply TEXT,
    disclosed_at INTEGER,
    disclosed_by TEXT,
    restored_at INTEGER,          -- when it was taken back; NULL: it is public
    restored_by TEXT,
    restored_because TEXT
) WITHOUT ROWID;
CREATE INDEX disclosure_public ON disclosure (disclosed_at) WHERE restored_at IS NULL;

-- Every clock that was ever started. Supervision.
CREATE TABLE clock (
    issue TEXT NOT NULL,
    number INTEGER NOT NULL,      -- the place of its start in supervision's sequence
    clock TEXT,                   -- assign, promise, sign, holding, co_handler, rework_decision, tracking, ruling, instruction
    round INTEGER,                -- of an instruction its number
    assignment TEXT,              -- '' for a clock of the issue itself
    department TEXT,
    started_at INTEGER,
    resumed_at INTEGER,           -- runs on since, after an appeal
    due_at INTEGER,               -- as it runs now
    original_due_at INTEGER,      -- as it began
    term TEXT,                    -- 10wd
    provisional TEXT,
    policy TEXT,                  -- the versions by which it runs, and those by which it began
    calendar TEXT,
    began_policy TEXT,
    began_calendar TEXT,
    renewals TEXT,                -- JSON: [[policy or calendar, version]] by which it was recalculated; NULL: never
    renewed_by TEXT,              -- the newest of them
    moved_from INTEGER,           -- the due instant before it
    warned_at INTEGER,            -- the newest warning
    warned TEXT,                  -- its threshold: 70%, 1wd
    breached_at INTEGER,          -- NULL: not breached, or annulled
    annulled_at INTEGER,
    stopped_at INTEGER,           -- NULL: it runs
    explained_at INTEGER,         -- when the department explained its breach
    PRIMARY KEY (issue, number)
) WITHOUT ROWID;
CREATE INDEX clock_running ON clock (clock, due_at, issue) WHERE stopped_at IS NULL;
CREATE INDEX clock_warned ON clock (clock, issue)
    WHERE stopped_at IS NULL AND warned_at IS NOT NULL AND breached_at IS NULL;
CREATE INDEX clock_renewed ON clock (renewed_by, due_at) WHERE renewed_by IS NOT NULL;
CREATE INDEX clock_running_by_department ON clock (department, due_at, issue) WHERE stopped_at IS NULL;

-- Every step of the ladder to which an issue was ever raised, and how long it stood there. Supervision.
CREATE TABLE lamp (
    issue TEXT NOT NULL,
    number INTEGER NOT NULL,      -- the place of the raise in supervision's sequence
    step INTEGER,
    because TEXT,                 -- breach, no_answer, dissatisfied_again, appealed
    department TEXT,              -- that held the issue then; '' for none
    raised_at INTEGER,            -- the instant of the step
    ended_at INTEGER,             -- since when it climbed no further
    lifted_at INTEGER,            -- when it came down from this step; NULL: it stands there, or higher
    lifted_because TEXT,          -- ended, annulled, person
    lifted_by TEXT,
    lifted_reason TEXT,
    PRIMARY KEY (issue, number)
) WITHOUT ROWID;
CREATE INDEX lamp_by_department ON lamp (department, raised_at, issue, number);

-- What was asked and said of each round. Feedback.
CREATE TABLE rating (
    issue TEXT NOT NULL,
    round INTEGER NOT NULL,
    invited_at INTEGER,
    open_until INTEGER,
    rated_at INTEGER,
    satisfaction TEXT,
    solved TEXT,
    reason TEXT,
    lapsed_at INTEGER,
    rework_asked_at INTEGER,
    rework_reason TEXT,
    rework_decided_at INTEGER,
    rework_decided_by TEXT,
    rework_granted INTEGER,       -- 1: the next round began; 0: refused
    rework_decision TEXT,         -- the reason that was told
    tracked_at INTEGER,
    tracked_outcome TEXT,
    tracked_promised_on TEXT,
    PRIMARY KEY (issue, round)
) WITHOUT ROWID;

-- Documents of supervision: orders, cards, interviews, circulars. Supervision.
CREATE TABLE document (
    issue TEXT NOT NULL,
    id TEXT NOT NULL,             -- d1, d2, … within its issue
    kind TEXT,                    -- reminder, supervision_order, yellow_card, …
    year INTEGER,
    number INTEGER,               -- in the register of its kind and year
    state TEXT,                   -- drafted, issued, answered, lifted, void
    step INTEGER,                 -- of the ladder; 0 for one by hand
    clock TEXT,                   -- whose breach brought it; '' for one by hand, and for a dissatisfied round
    round INTEGER,
    department TEXT,
    head TEXT,
    drafted_at INTEGER,
    issued_at INTEGER,
    issued_by TEXT,               -- '' for what goes out by itself
    issued_level TEXT,            -- of who signed it
    words TEXT,
    answer_due_at INTEGER,
    praise INTEGER,
    joint TEXT,                   -- joint_meeting, joint_order, linked_action
    offices TEXT,                 -- JSON: who acts together
    across TEXT,                  -- JSON: departments, levels, domains
    answered_at INTEGER,
    answered_by TEXT,             -- '' where a reply answered it
    answer TEXT,
    lift_drafted_at INTEGER,      -- its breach was annulled: a person has to lift it
    ended_at INTEGER,             -- void or lifted
    ended_because TEXT,
    ended_reason TEXT,
    ended_by TEXT,
    PRIMARY KEY (issue, id)
) WITHOUT ROWID;
CREATE INDEX document_by_age ON document (coalesce(issued_at, drafted_at, ended_at), issue || id)
    WHERE number IS NOT NULL;
CREATE INDEX document_register ON document (kind, year, number);
CREATE INDEX document_state ON document (state, answer_due_at) WHERE state IN ('drafted', 'issued');

-- Leaders' instructions. Supervision.
CREATE TABLE instruction (
    issue TEXT NOT NULL,
    number INTEGER NOT NULL,
    department TEXT,              -- to which it was given
    words TEXT,
    given_at INTEGER,
    given_by TEXT,
    due_at INTEGER,               -- when the report is due, as it runs now
    reported_at INTEGER,
    report TEXT,
    reported_by TEXT,
    reported_for TEXT,            -- the department that reported
    taken_back_at INTEGER,
    taken_back_reason TEXT,
    decision TEXT,                -- what a meeting decided and it comes from, <paper>.<edition>.<number>; '' for none
    PRIMARY KEY (issue, number)
) WITHOUT ROWID;
CREATE INDEX instruction_by_decision ON instruction (decision) WHERE decision <> '';
CREATE INDEX instruction_by_leader ON instruction (given_by, given_at, issue);
CREATE INDEX instruction_open ON instruction (issue, due_at) WHERE reported_at IS NULL AND taken_back_at IS NULL;

-- Papers of the three meetings, an edition a row, as each was frozen; and the meeting that heard it. Feedback.
CREATE TABLE paper (
    id TEXT NOT NULL,             -- huzhou-monthly-2026-10
    edition INTEGER NOT NULL,
    kind TEXT,                    -- monthly, half_yearly, yearly
    period TEXT,                  -- 2026-10, 2026-h1, 2026
    supersedes INTEGER,           -- the edition in whose place it stands; 0 for none
    as_of INTEGER,
    positions TEXT,               -- JSON: [{topic, offsets}] that its figures were counted from
    preface TEXT,
    figures TEXT,                 -- JSON: [{figure, unit, period, department, numerator, denominator}]
    cases TEXT,                   -- JSON: [{issue, title, words}]
    honours TEXT,                 -- JSON: [{list, rule_zh, rule_en, honoured: [{kind, who, department, numbers}]}]
    published_at INTEGER,
    published_by TEXT,
    meeting TEXT,                 -- leaders_meeting, executive_meeting, standing_committee; NULL: not heard yet
    held_on TEXT,
    chaired_by TEXT,
    minutes TEXT,
    recorded_at INTEGER,
    recorded_by TEXT,
    PRIMARY KEY (id, edition)
) WITHOUT ROWID;
CREATE INDEX paper_by_age ON paper (published_at, id);

-- What these meetings decided on which issue; what became of it is its instruction's. Feedback.
CREATE TABLE decision (
    paper TEXT NOT NULL,
    edition INTEGER NOT NULL,
    number INTEGER NOT NULL,
    issue TEXT,
    words TEXT,
    due_on TEXT,                  -- NULL: as the policy says
    voided_because TEXT,          -- why it can become no instruction; NULL: it can
    PRIMARY KEY (paper, edition, number)
) WITHOUT ROWID;

-- Talks (恳谈会). Intake.
CREATE TABLE talk (
    id TEXT PRIMARY KEY,          -- huzhou-weekly-20220608-1
    state TEXT,                   -- announced, open, held, cancelled
    series TEXT,                  -- weekly, quarterly, round_table, service_day
    number INTEGER,               -- which of its day's talks of the series
    level TEXT,                   -- city, county
    jurisdiction TEXT,            -- whose talk it is
    announced_on TEXT,            -- the day for which it was announced first
    theme TEXT,
    questions TEXT,               -- one a line
    place TEXT,
    starts_at INTEGER,
    ends_at INTEGER,
    wait_until INTEGER,           -- not held by then, what was collected for it starts
    capacity INTEGER,
    taken INTEGER,                -- how many places are taken
    organiser TEXT,
    leaders TEXT,                 -- JSON: [{account, name, post, body}]
    led INTEGER,                  -- the place of the event that said so in intake's sequence of this talk
    departments TEXT,             -- JSON: codes of those that will be there
    announced_at INTEGER,
    announced_by TEXT,
    moved_from INTEGER,           -- of the newest postponement: when it would have begun
    moved_because TEXT,
    opened_at INTEGER,
    ended_at INTEGER,             -- when it was held or called off
    ended_by TEXT,
    ended_because TEXT,           -- why it was called off
    lapsed_at INTEGER             -- when it had not been held in time
) WITHOUT ROWID;
CREATE INDEX talk_by_time ON talk (starts_at, id);
CREATE INDEX talk_by_series ON talk (series, starts_at, jurisdiction, level, state);

-- Who has led, or shall lead, which talk: those lead whose `led` is the talk's. Intake.
CREATE TABLE talk_leader (
    talk TEXT NOT NULL,
    account TEXT NOT NULL,
    led INTEGER,
    PRIMARY KEY (talk, account)
) WITHOUT ROWID;
CREATE INDEX talk_leader_by_account ON talk_leader (account, talk);

-- Who takes part in which talk, by reference. Intake.
CREATE TABLE talk_participant (
    talk TEXT NOT NULL,
    person TEXT NOT NULL,
    enterprise TEXT,              -- credit code, or ''
    issue TEXT,                   -- in which their question stands; '' for none
    signed_up INTEGER,            -- 1: by themselves
    named TEXT,                   -- named, written: by who organises it
    signed_at INTEGER,            -- the newest thing said of them
    attended INTEGER,             -- 1: they came
    how TEXT GENERATED ALWAYS AS (        -- signed_up, named, written; NULL: they do not take part (any more)
        CASE WHEN named = 'named' THEN named WHEN signed_up = 1 THEN 'signed_up' ELSE named END
    ) STORED,
    PRIMARY KEY (talk, person)
) WITHOUT ROWID;
CREATE INDEX talk_participant_by_person ON talk_participant (person, talk);

-- Everything that was ever said of anything on an events topic, also of types this version does not know.
CREATE TABLE timeline (
    subject TEXT NOT NULL,        -- an issue's id, or person:…, enterprise:…, dept:…
    topic TEXT NOT NULL,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER,
    type TEXT,
    who TEXT,                     -- the official named by the event; '' for the raiser or the system
    data TEXT,                    -- JSON
    PRIMARY KEY (subject, topic, source, seq)
) WITHOUT ROWID;
-- What became of mails is said of notices, each of which names its issue.
CREATE INDEX timeline_of_notices ON timeline (json_extract(data, '$.issue')) WHERE type >= 'notice.' AND type < 'notice/';
-- What nobody could send: officials look for their own, operators for all of it.
CREATE INDEX timeline_of_unsent ON timeline (at) WHERE type IN ('notice.given_up.v1', 'notice.staff_given_up.v1');
CREATE INDEX timeline_of_ones_unsent ON timeline (json_extract(data, '$.to'), at) WHERE type = 'notice.staff_given_up.v1';

-- Issues of which something was said that must be understood and is not, by this version. Any owner, each its own row.
CREATE TABLE not_understood (
    subject TEXT NOT NULL,
    topic TEXT NOT NULL,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT,
    PRIMARY KEY (subject, topic, source, seq)
) WITHOUT ROWID;

-- Intake: who raises issues, by reference.
CREATE TABLE person (
    reference TEXT PRIMARY KEY,
    jurisdiction TEXT,
    enterprise TEXT,
    language TEXT,                -- zh, en
    recorded_by TEXT,
    registered_at INTEGER,
    changed_at INTEGER,
    erased_at INTEGER
) WITHOUT ROWID;

CREATE TABLE enterprise (
    code TEXT PRIMARY KEY,
    jurisdiction TEXT,
    name TEXT,
    trade TEXT,
    size TEXT,
    district TEXT,
    contacts TEXT,                -- JSON: references
    revision INTEGER,
    registered_at INTEGER,
    changed_at INTEGER,
    changed_by TEXT
) WITHOUT ROWID;

-- Reference data, a row for each version. In force at an instant: of those with in_force_from <= it the newest
-- (in_force_from, then seq). From the *.reference topics alone.
CREATE TABLE department (
    jurisdiction TEXT NOT NULL,
    code TEXT NOT NULL,
    version TEXT NOT NULL,
    in_force_from INTEGER,
    seq INTEGER,
    name_zh TEXT,
    name_en TEXT,
    level TEXT,
    parent TEXT,
    head TEXT,
    leader_in_charge TEXT,
    merged_into TEXT,             -- '' unless another department took its work over
    leaders TEXT,                 -- JSON: accounts
    handlers TEXT,                -- JSON: accounts
    data TEXT,                    -- JSON: the whole entry
    PRIMARY KEY (jurisdiction, code, version)
) WITHOUT ROWID;

CREATE TABLE staff (
    jurisdiction TEXT NOT NULL,
    account TEXT NOT NULL,
    version TEXT NOT NULL,
    in_force_from INTEGER,
    seq INTEGER,
    name TEXT,
    roles TEXT,                   -- JSON
    level TEXT,
    department TEXT,
    data TEXT,
    PRIMARY KEY (jurisdiction, account, version)
) WITHOUT ROWID;

-- Routing rules, policies and calendars: `data` is the whole published event.
CREATE TABLE rules (
    jurisdiction TEXT NOT NULL,
    version TEXT NOT NULL,
    in_force_from INTEGER,
    seq INTEGER,
    data TEXT,
    PRIMARY KEY (jurisdiction, version)
) WITHOUT ROWID;
CREATE TABLE policy (
    jurisdiction TEXT NOT NULL,
    version TEXT NOT NULL,
    in_force_from INTEGER,
    seq INTEGER,
    data TEXT,
    PRIMARY KEY (jurisdiction, version)
) WITHOUT ROWID;
CREATE TABLE calendar (
    jurisdiction TEXT NOT NULL,
    version TEXT NOT NULL,
    in_force_from INTEGER,
    seq INTEGER,
    published_through INTEGER,
    data TEXT,
    PRIMARY KEY (jurisdiction, version)
) WITHOUT ROWID;

-- The plan of leaders by week, of a jurisdiction and year. Intake.
CREATE TABLE rotation (
    id TEXT NOT NULL,             -- huzhou-2026
    version TEXT NOT NULL,
    jurisdiction TEXT,
    in_force_from INTEGER,
    seq INTEGER,
    reason TEXT,                  -- of a swap; '' of a plan that was published whole
    by TEXT,
    data TEXT,                    -- JSON: the whole entry
    PRIMARY KEY (id, version)
) WITHOUT ROWID;

-- Full text over title, words and replies of an issue, in the terms of terms.py; rowids grow with the registration.
CREATE VIRTUAL TABLE words USING fts5(issue UNINDEXED, terms, detail = none, columnsize = 0, tokenize = "ascii");

-- How far each owner's sequence of each subject is applied.
CREATE TABLE sequence (
    subject TEXT NOT NULL,
    topic TEXT NOT NULL,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (subject, topic, source)
) WITHOUT ROWID;

-- Events that came before their predecessor: applied with it.
CREATE TABLE held (
    subject TEXT NOT NULL,
    topic TEXT NOT NULL,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (subject, topic, source, seq)
) WITHOUT ROWID;

-- The next offset to read, in the same transaction as the rows.
CREATE TABLE position (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

-- Records that could not be read, by topic: counted and passed over.
CREATE TABLE unreadable (
    topic TEXT PRIMARY KEY,
    records INTEGER NOT NULL
) WITHOUT ROWID;
