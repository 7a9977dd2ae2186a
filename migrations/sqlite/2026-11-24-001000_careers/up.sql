-- Candidacies for a step of a promotion path: application, recommendation, decision.
CREATE TABLE candidacy (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    path TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    statement TEXT NOT NULL,
    applied_at TIMESTAMP NOT NULL,
    applied_by BIGINT NOT NULL REFERENCES person (id),
    closed_at TIMESTAMP
);
CREATE UNIQUE INDEX candidacy_open ON candidacy (person_id, path) WHERE closed_at IS NULL;

CREATE TABLE recommendation (
    candidacy_id BIGINT NOT NULL PRIMARY KEY REFERENCES candidacy (id),
    supports BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    given_by BIGINT NOT NULL REFERENCES person (id)
);

CREATE TABLE decision (
    candidacy_id BIGINT NOT NULL PRIMARY KEY REFERENCES candidacy (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('promoted', 'declined', 'withdrawn')),
    effective_on DATE NOT NULL,
    reason TEXT NOT NULL,
    verdict TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    decided_by BIGINT NOT NULL REFERENCES person (id),
    fact_id BIGINT REFERENCES fact (id),
    CHECK ((outcome = 'promoted') = (fact_id IS NOT NULL))
);
