-- The group as a tree of sites, its people, and who held which position where and when.
CREATE TABLE site (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_en TEXT,
    parent_id BIGINT REFERENCES site (id),
    kind TEXT NOT NULL CHECK (kind IN ('group', 'region', 'dealer', 'site', 'team')),
    time_zone TEXT NOT NULL,
    -- The ids from the root down to this site, `/1/4/9/`: a part of the tree is a prefix.
    lineage TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    CHECK (parent_id IS NULL OR parent_id <> id)
);
CREATE INDEX site_parent ON site (parent_id);

CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    staff_no TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_en TEXT,
    email TEXT UNIQUE,
    phone TEXT,
    language TEXT NOT NULL CHECK (language IN ('zh-CN', 'en')),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX person_name ON person (name);

CREATE TABLE assignment (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    site_id BIGINT NOT NULL REFERENCES site (id),
    position TEXT NOT NULL,
    manager_id BIGINT REFERENCES person (id),
    starts_on DATE NOT NULL,
    ends_on DATE,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT REFERENCES person (id),
    UNIQUE (person_id, starts_on),
    CHECK (ends_on IS NULL OR ends_on >= starts_on),
    CHECK (manager_id IS NULL OR manager_id <> person_id)
);
CREATE INDEX assignment_site ON assignment (site_id, starts_on);
CREATE INDEX assignment_manager ON assignment (manager_id);
