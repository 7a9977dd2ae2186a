//! The tables, as the migrations of both databases create them.
//!
//! A test compares this file with either database: tables, columns, order, types, nullability.

diesel::table! {
    site (id) {
        id -> BigInt,
        code -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        parent_id -> Nullable<BigInt>,
        kind -> Text,
        time_zone -> Text,
        lineage -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    person (id) {
        id -> BigInt,
        staff_no -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        language -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    assignment (id) {
        id -> BigInt,
        person_id -> BigInt,
        site_id -> BigInt,
        position -> Text,
        manager_id -> Nullable<BigInt>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        recorded_at -> Timestamp,
        recorded_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    account (person_id) {
        person_id -> BigInt,
        password_hash -> Nullable<Text>,
        password_set_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        disabled_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    session (id) {
        id -> BigInt,
        token_hash -> Binary,
        person_id -> BigInt,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        address -> Text,
        device -> Text,
    }
}

diesel::table! {
    known_device (id) {
        id -> BigInt,
        token_hash -> Binary,
        person_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    one_time_link (id) {
        id -> BigInt,
        purpose -> Text,
        token_hash -> Binary,
        person_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sign_in_attempt (id) {
        id -> BigInt,
        person_id -> Nullable<BigInt>,
        address -> Text,
        at -> Timestamp,
        succeeded -> Bool,
    }
}

diesel::table! {
    role_grant (id) {
        id -> BigInt,
        person_id -> BigInt,
        role -> Text,
        site_id -> BigInt,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        granted_at -> Timestamp,
        granted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> Timestamp,
        by_person -> Nullable<BigInt>,
        act -> Text,
        subject_kind -> Text,
        subject_id -> Nullable<BigInt>,
        detail -> Text,
    }
}

diesel::table! {
    form_receipt (form_key) {
        form_key -> Text,
        person_id -> BigInt,
        received_at -> Timestamp,
        location -> Text,
    }
}

diesel::table! {
    fact (id) {
        id -> BigInt,
        person_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        code -> Text,
        level -> Nullable<Text>,
        amount_numerator -> Nullable<BigInt>,
        amount_denominator -> Nullable<BigInt>,
        unit -> Nullable<Text>,
        from_on -> Date,
        through_on -> Nullable<Date>,
        issuer -> Nullable<Text>,
        number -> Nullable<Text>,
        note -> Nullable<Text>,
        source_kind -> Text,
        source_id -> BigInt,
        source_line -> BigInt,
        recorded_at -> Timestamp,
        recorded_by -> Nullable<BigInt>,
        voided_at -> Nullable<Timestamp>,
        voided_by -> Nullable<BigInt>,
        void_reason -> Nullable<Text>,
        digest -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    record_head (person_id) {
        person_id -> BigInt,
        seq -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    content (id) {
        id -> BigInt,
        kind -> Text,
        code -> Text,
        revision -> BigInt,
        digest -> Text,
        body -> Text,
        loaded_at -> Timestamp,
        origin -> Text,
        effective_on -> Nullable<Date>,
    }
}

diesel::table! {
    content_file (id) {
        id -> BigInt,
        content_id -> BigInt,
        path -> Text,
        media_type -> Text,
        bytes -> Binary,
    }
}

diesel::table! {
    import_run (id) {
        id -> BigInt,
        kind -> Text,
        file_name -> Text,
        file_digest -> Text,
        added -> BigInt,
        changed -> BigInt,
        unchanged -> BigInt,
        imported_at -> Timestamp,
        imported_by -> Nullable<BigInt>,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    import_change (id) {
        id -> BigInt,
        run_id -> BigInt,
        line -> BigInt,
        entity -> Text,
        entity_id -> BigInt,
        before -> Nullable<Text>,
    }
}

diesel::table! {
    enrolment (id) {
        id -> BigInt,
        person_id -> BigInt,
        course -> Text,
        content_id -> BigInt,
        round -> BigInt,
        enrolled_at -> Timestamp,
        enrolled_by -> Nullable<BigInt>,
        due_on -> Nullable<Date>,
    }
}

diesel::table! {
    lesson_progress (enrolment_id, lesson) {
        enrolment_id -> BigInt,
        lesson -> Text,
        opened_at -> Timestamp,
        done_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    course_completion (enrolment_id) {
        enrolment_id -> BigInt,
        completed_at -> Timestamp,
        fact_id -> BigInt,
    }
}

diesel::table! {
    pairing (id) {
        id -> BigInt,
        mentor_id -> BigInt,
        apprentice_id -> BigInt,
        ladder -> Text,
        content_id -> BigInt,
        goal -> Text,
        starts_on -> Date,
        ends_on -> Date,
        agreed_at -> Timestamp,
        agreed_by -> BigInt,
        verdict -> Text,
        ended_on -> Nullable<Date>,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        ended_why -> Nullable<Text>,
    }
}

diesel::table! {
    pairing_goal (pairing_id, task) {
        pairing_id -> BigInt,
        task -> Text,
        target -> BigInt,
    }
}

diesel::table! {
    logbook_entry (id) {
        id -> BigInt,
        pairing_id -> BigInt,
        entry_key -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    logbook_version (id) {
        id -> BigInt,
        entry_id -> BigInt,
        version -> BigInt,
        task -> Text,
        done_on -> Date,
        times -> BigInt,
        work_order -> Text,
        note -> Text,
        written_at -> Timestamp,
    }
}

diesel::table! {
    logbook_review (version_id) {
        version_id -> BigInt,
        outcome -> Text,
        reason -> Nullable<Text>,
        reviewed_at -> Timestamp,
        reviewed_by -> BigInt,
        fact_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    question_bank (id) {
        id -> BigInt,
        code -> Text,
        title_zh -> Text,
        title_en -> Text,
        practice -> Bool,
    }
}

diesel::table! {
    question (id) {
        id -> BigInt,
        bank_id -> BigInt,
        code -> Text,
        file_digest -> Nullable<Text>,
    }
}

diesel::table! {
    question_version (id) {
        id -> BigInt,
        question_id -> BigInt,
        version -> BigInt,
        kind -> Text,
        area -> Text,
        level -> Text,
        importance -> Text,
        difficulty -> Text,
        body -> Text,
        digest -> Text,
        layout -> Text,
        created_at -> Timestamp,
        created_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempt (id) {
        id -> BigInt,
        person_id -> BigInt,
        exam -> Text,
        content_id -> BigInt,
        number -> BigInt,
        seed -> BigInt,
        pass_score -> BigInt,
        started_at -> Timestamp,
        hand_in_by -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        sitting_id -> Nullable<BigInt>,
        blueprint_id -> Nullable<BigInt>,
        paused_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    attempt_question (attempt_id, position) {
        attempt_id -> BigInt,
        position -> BigInt,
        question_version_id -> BigInt,
        option_order -> Text,
        kind -> Text,
        part -> BigInt,
        block -> BigInt,
        weight -> BigInt,
        scored -> Bool,
        flagged -> Bool,
    }
}

diesel::table! {
    answer (attempt_id, position) {
        attempt_id -> BigInt,
        position -> BigInt,
        response -> Text,
        edition -> BigInt,
        saved_at -> Timestamp,
    }
}

diesel::table! {
    attempt_result (id) {
        id -> BigInt,
        attempt_id -> BigInt,
        ended_by -> Text,
        points -> BigInt,
        points_max -> BigInt,
        passed -> Bool,
        by_area -> Text,
        cause -> Text,
        graded_at -> Timestamp,
        released_at -> Nullable<Timestamp>,
        released_by -> Nullable<BigInt>,
        fact_id -> Nullable<BigInt>,
        superseded_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    certificate (id) {
        id -> BigInt,
        person_id -> BigInt,
        certification -> Text,
        content_id -> BigInt,
        number -> Text,
        check_code -> Text,
        issued_on -> Date,
        valid_from -> Date,
        valid_through -> Nullable<Date>,
        printed -> Text,
        verdict -> Text,
        issued_at -> Timestamp,
        issued_by -> Nullable<BigInt>,
        fact_id -> BigInt,
        cycle -> BigInt,
        basis -> Text,
        issuer -> Nullable<Text>,
        foreign_number -> Nullable<Text>,
        previous_id -> Nullable<BigInt>,
        why -> Nullable<Text>,
        template_id -> Nullable<BigInt>,
        import_id -> Nullable<BigInt>,
        written -> BigInt,
    }
}

diesel::table! {
    certificate_act (id) {
        id -> BigInt,
        certificate_id -> BigInt,
        act -> Text,
        on_day -> Date,
        why -> Text,
        done_at -> Timestamp,
        done_by -> Nullable<BigInt>,
        through_on -> Nullable<Date>,
        other_id -> Nullable<BigInt>,
        evidence -> Nullable<Text>,
        file_id -> Nullable<BigInt>,
        campaign_id -> Nullable<BigInt>,
        written -> BigInt,
    }
}

diesel::table! {
    certificate_series (series) {
        series -> Text,
        last_serial -> BigInt,
    }
}

diesel::table! {
    candidacy (id) {
        id -> BigInt,
        person_id -> BigInt,
        path -> Text,
        content_id -> BigInt,
        statement -> Text,
        applied_at -> Timestamp,
        applied_by -> BigInt,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    recommendation (candidacy_id) {
        candidacy_id -> BigInt,
        supports -> Bool,
        note -> Text,
        given_at -> Timestamp,
        given_by -> BigInt,
    }
}

diesel::table! {
    decision (candidacy_id) {
        candidacy_id -> BigInt,
        outcome -> Text,
        effective_on -> Date,
        reason -> Text,
        verdict -> Text,
        decided_at -> Timestamp,
        decided_by -> BigInt,
        fact_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        message_id -> Text,
        person_id -> Nullable<BigInt>,
        recipient -> Text,
        language -> Text,
        subject -> Text,
        created_at -> Timestamp,
        next_try_at -> Timestamp,
        tries -> BigInt,
        last_error -> Nullable<Text>,
        leased_until -> Nullable<Timestamp>,
        sent_at -> Nullable<Timestamp>,
        parked_at -> Nullable<Timestamp>,
        unsubscribe -> Nullable<Text>,
        handed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    outbox_body (outbox_id) {
        outbox_id -> BigInt,
        plain -> Text,
        html -> Text,
        calendar -> Nullable<Text>,
    }
}

diesel::table! {
    mail_pause (id) {
        id -> BigInt,
        began_at -> Timestamp,
        until_at -> Timestamp,
        failures -> BigInt,
        why -> Text,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    reminder (id) {
        id -> BigInt,
        rule -> Text,
        recipient_id -> BigInt,
        subject_kind -> Text,
        subject_id -> BigInt,
        due_on -> Date,
        days_before -> BigInt,
        planned_at -> Timestamp,
        outbox_id -> Nullable<BigInt>,
        notice_id -> Nullable<BigInt>,
        withheld -> Nullable<Text>,
        about_id -> Nullable<BigInt>,
        said -> Nullable<Text>,
    }
}

diesel::table! {
    lease (name) {
        name -> Text,
        holder -> Text,
        until_at -> Timestamp,
        last_run_at -> Nullable<Timestamp>,
        last_result -> Nullable<Text>,
    }
}

diesel::table! {
    question_stage (id) {
        id -> BigInt,
        question_version_id -> BigInt,
        stage -> Text,
        why -> Nullable<Text>,
        set_at -> Timestamp,
        set_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    exam_file (digest) {
        digest -> Text,
        name -> Text,
        media_type -> Text,
        bytes -> Binary,
        added_at -> Timestamp,
        added_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    question_import (id) {
        id -> BigInt,
        bank_id -> BigInt,
        format -> Text,
        file_name -> Text,
        digest -> Text,
        report -> Text,
        imported_at -> Timestamp,
        imported_by -> Nullable<BigInt>,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    question_import_change (id) {
        id -> BigInt,
        import_id -> BigInt,
        line -> BigInt,
        question_version_id -> BigInt,
        change -> Text,
    }
}

diesel::table! {
    blueprint (id) {
        id -> BigInt,
        exam -> Text,
        version -> BigInt,
        body -> Text,
        note -> Text,
        created_at -> Timestamp,
        created_by -> Nullable<BigInt>,
        published_at -> Nullable<Timestamp>,
        published_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    standard_study (id) {
        id -> BigInt,
        exam -> Text,
        title -> Text,
        questions -> Text,
        created_at -> Timestamp,
        created_by -> BigInt,
        first_closed_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        adopted_at -> Nullable<Timestamp>,
        adopted_by -> Nullable<BigInt>,
        adopted_why -> Nullable<Text>,
        cut -> Nullable<BigInt>,
    }
}

diesel::table! {
    standard_judge (study_id, person_id) {
        study_id -> BigInt,
        person_id -> BigInt,
        invited_at -> Timestamp,
        invited_by -> BigInt,
    }
}

diesel::table! {
    standard_estimate (study_id, person_id, round, question_version_id) {
        study_id -> BigInt,
        person_id -> BigInt,
        round -> BigInt,
        question_version_id -> BigInt,
        percent -> BigInt,
        saved_at -> Timestamp,
    }
}

diesel::table! {
    sitting (id) {
        id -> BigInt,
        code -> Text,
        exam -> Text,
        site_id -> BigInt,
        room -> Text,
        opens_at -> Timestamp,
        start_by -> Timestamp,
        hand_in_by -> Nullable<Timestamp>,
        seats -> BigInt,
        register_from -> Nullable<Timestamp>,
        register_by -> Nullable<Timestamp>,
        entry_code -> Nullable<Text>,
        networks -> Nullable<Text>,
        release -> Text,
        release_at -> Nullable<Timestamp>,
        note -> Text,
        created_at -> Timestamp,
        created_by -> BigInt,
        sequence -> BigInt,
        cancelled_at -> Nullable<Timestamp>,
        cancelled_by -> Nullable<BigInt>,
        cancelled_why -> Nullable<Text>,
        closed_at -> Nullable<Timestamp>,
        closed_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    sitting_invigilator (id) {
        id -> BigInt,
        sitting_id -> BigInt,
        person_id -> BigInt,
        assigned_at -> Timestamp,
        assigned_by -> BigInt,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    registration (id) {
        id -> BigInt,
        sitting_id -> BigInt,
        person_id -> BigInt,
        registered_at -> Timestamp,
        registered_by -> BigInt,
        verdict -> Text,
        content_id -> BigInt,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Nullable<BigInt>,
        withdrawn_why -> Nullable<Text>,
        attendance -> Nullable<Text>,
        attendance_at -> Nullable<Timestamp>,
        attendance_by -> Nullable<BigInt>,
        attendance_note -> Nullable<Text>,
    }
}

diesel::table! {
    accommodation (id) {
        id -> BigInt,
        person_id -> BigInt,
        extra_percent -> BigInt,
        break_minutes -> BigInt,
        note -> Text,
        from_day -> Date,
        through_day -> Nullable<Date>,
        granted_at -> Timestamp,
        granted_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempt_event (id) {
        id -> BigInt,
        attempt_id -> BigInt,
        kind -> Text,
        detail -> Text,
        at -> Timestamp,
        by_person -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempt_presence (attempt_id) {
        attempt_id -> BigInt,
        seen_at -> Timestamp,
        address -> Text,
        device -> Text,
    }
}

diesel::table! {
    practice_answer (id) {
        id -> BigInt,
        person_id -> BigInt,
        question_version_id -> BigInt,
        part -> BigInt,
        response -> Text,
        earned -> BigInt,
        answered_at -> Timestamp,
    }
}

diesel::table! {
    marking (id) {
        id -> BigInt,
        attempt_id -> BigInt,
        position -> BigInt,
        slot -> BigInt,
        marker_id -> BigInt,
        assigned_at -> Timestamp,
        assigned_by -> Nullable<BigInt>,
        points -> Nullable<BigInt>,
        comment -> Text,
        edition -> BigInt,
        saved_at -> Nullable<Timestamp>,
        submitted_at -> Nullable<Timestamp>,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_why -> Nullable<Text>,
    }
}

diesel::table! {
    question_correction (id) {
        id -> BigInt,
        question_version_id -> BigInt,
        part -> BigInt,
        kind -> Text,
        body -> Text,
        why -> Text,
        decided_at -> Timestamp,
        decided_by -> BigInt,
        report -> Text,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    practical (id) {
        id -> BigInt,
        exam -> Text,
        content_id -> BigInt,
        person_id -> BigInt,
        sitting_id -> Nullable<BigInt>,
        site_id -> BigInt,
        held_on -> Date,
        seed -> BigInt,
        stations -> Text,
        created_at -> Timestamp,
        created_by -> BigInt,
        cancelled_at -> Nullable<Timestamp>,
        cancelled_by -> Nullable<BigInt>,
        cancelled_why -> Nullable<Text>,
    }
}

diesel::table! {
    practical_examiner (id) {
        id -> BigInt,
        practical_id -> BigInt,
        examiner_id -> BigInt,
        slot -> BigInt,
        assigned_at -> Timestamp,
        assigned_by -> BigInt,
        conflicts -> Text,
        override_why -> Nullable<Text>,
        seconded_at -> Nullable<Timestamp>,
        seconded_by -> Nullable<BigInt>,
        recused_at -> Nullable<Timestamp>,
        recused_by -> Nullable<BigInt>,
        recused_why -> Nullable<Text>,
        submitted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    practical_score (practical_examiner_id, station, criterion) {
        practical_examiner_id -> BigInt,
        station -> Text,
        criterion -> Text,
        points -> BigInt,
        vetoed -> Bool,
        note -> Text,
        edition -> BigInt,
        saved_at -> Timestamp,
    }
}

diesel::table! {
    practical_time (practical_examiner_id, station) {
        practical_examiner_id -> BigInt,
        station -> Text,
        started_at -> Timestamp,
        stopped_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    practical_photo (id) {
        id -> BigInt,
        practical_examiner_id -> BigInt,
        station -> Text,
        criterion -> Text,
        digest -> Text,
        added_at -> Timestamp,
    }
}

diesel::table! {
    practical_result (id) {
        id -> BigInt,
        practical_id -> BigInt,
        points -> BigInt,
        points_max -> BigInt,
        vetoed -> Bool,
        passed -> Bool,
        detail -> Text,
        cause -> Text,
        graded_at -> Timestamp,
        released_at -> Nullable<Timestamp>,
        released_by -> Nullable<BigInt>,
        fact_id -> Nullable<BigInt>,
        superseded_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    conflict_declaration (id) {
        id -> BigInt,
        person_id -> BigInt,
        other_id -> BigInt,
        relation -> Text,
        note -> Text,
        declared_at -> Timestamp,
        declared_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    appeal (id) {
        id -> BigInt,
        attempt_id -> Nullable<BigInt>,
        practical_id -> Nullable<BigInt>,
        person_id -> BigInt,
        filed_at -> Timestamp,
        grounds -> Text,
        decide_by -> Date,
        outcome -> Nullable<Text>,
        reasons -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    certificate_template (id) {
        id -> BigInt,
        code -> Text,
        version -> BigInt,
        certification -> Nullable<Text>,
        body -> Text,
        drafted_at -> Timestamp,
        drafted_by -> Nullable<BigInt>,
        published_at -> Nullable<Timestamp>,
        published_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    certificate_import (id) {
        id -> BigInt,
        file_name -> Text,
        file -> Binary,
        digest -> Text,
        added -> BigInt,
        imported_at -> Timestamp,
        imported_by -> BigInt,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
        undo_reason -> Nullable<Text>,
    }
}

diesel::table! {
    certificate_file (id) {
        id -> BigInt,
        certificate_id -> Nullable<BigInt>,
        kind -> Text,
        language -> Nullable<Text>,
        edition -> BigInt,
        kid -> Nullable<Text>,
        base_url -> Nullable<Text>,
        name -> Text,
        media_type -> Text,
        bytes -> Binary,
        digest -> Text,
        made_at -> Timestamp,
        made_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    extension_campaign (id) {
        id -> BigInt,
        certification -> Nullable<Text>,
        first_on -> Date,
        last_on -> Date,
        months -> BigInt,
        days -> BigInt,
        why -> Text,
        evidence -> Nullable<Text>,
        file_id -> Nullable<BigInt>,
        decided_at -> Timestamp,
        decided_by -> BigInt,
    }
}

diesel::table! {
    signing_key (id) {
        id -> BigInt,
        kid -> Text,
        algorithm -> Text,
        public_key -> Binary,
        private_key -> Binary,
        made_at -> Timestamp,
        retired_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        why -> Nullable<Text>,
    }
}

diesel::table! {
    credential (id) {
        id -> BigInt,
        certificate_id -> BigInt,
        edition -> BigInt,
        through_on -> Nullable<Date>,
        document -> Text,
        kid -> Text,
        jwt -> Text,
        jwt_kid -> Text,
        digest -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    extract (id) {
        id -> BigInt,
        number -> Text,
        check_code -> Text,
        person_id -> BigInt,
        certification -> Text,
        on_day -> Date,
        known_at -> Nullable<Timestamp>,
        body -> Text,
        jws -> Text,
        paper -> Nullable<Binary>,
        digest -> Text,
        made_at -> Timestamp,
        made_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    supervision (id) {
        id -> BigInt,
        person_id -> BigInt,
        supervisor_id -> BigInt,
        certification -> Text,
        from_on -> Date,
        through_on -> Date,
        fact_id -> BigInt,
        made_at -> Timestamp,
        made_by -> BigInt,
        ended_on -> Nullable<Date>,
        ended_by -> Nullable<BigInt>,
        ended_why -> Nullable<Text>,
    }
}

diesel::table! {
    appointment_act (id) {
        id -> BigInt,
        fact_id -> BigInt,
        act -> Text,
        on_day -> Date,
        why -> Text,
        done_at -> Timestamp,
        done_by -> BigInt,
        left_fact_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    competition_raise (fact_id) {
        fact_id -> BigInt,
        person_id -> BigInt,
        competition -> Text,
        content_id -> BigInt,
        year -> BigInt,
        grade_fact_id -> BigInt,
        effective_on -> Date,
        reason -> Text,
        verdict -> Text,
        decided_at -> Timestamp,
        decided_by -> BigInt,
    }
}

diesel::table! {
    rule_draft (id) {
        id -> BigInt,
        rule_set -> Text,
        base_content_id -> BigInt,
        title -> Text,
        body -> Text,
        drafted_at -> Timestamp,
        drafted_by -> BigInt,
        changed_at -> Timestamp,
        changed_by -> BigInt,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Nullable<BigInt>,
        published_at -> Nullable<Timestamp>,
        published_by -> Nullable<BigInt>,
        why -> Nullable<Text>,
        effective_on -> Nullable<Date>,
        content_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_token (id) {
        id -> BigInt,
        title -> Text,
        digest -> Text,
        site_id -> BigInt,
        made_at -> Timestamp,
        made_by -> BigInt,
        expires_on -> Date,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    notice (id) {
        id -> BigInt,
        person_id -> BigInt,
        subject -> Text,
        body_text -> Text,
        path -> Nullable<Text>,
        created_at -> Timestamp,
        read_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    reminder_rule (id) {
        id -> BigInt,
        code -> Text,
        version -> BigInt,
        body -> Text,
        why -> Text,
        changed_at -> Timestamp,
        changed_by -> BigInt,
    }
}

diesel::table! {
    reminder_mute (id) {
        id -> BigInt,
        recipient_id -> Nullable<BigInt>,
        rule -> Nullable<Text>,
        subject_kind -> Nullable<Text>,
        subject_id -> Nullable<BigInt>,
        from_on -> Date,
        through_on -> Date,
        why -> Text,
        muted_at -> Timestamp,
        muted_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    reminder_digest (recipient_id, on_day) {
        recipient_id -> BigInt,
        on_day -> Date,
        made_at -> Timestamp,
    }
}

diesel::table! {
    mail_choice (person_id) {
        person_id -> BigInt,
        rhythm -> Nullable<Text>,
        opted_out -> Text,
        secret -> Text,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    site_hours (site_id) {
        site_id -> BigInt,
        quiet_from -> BigInt,
        quiet_until -> BigInt,
        workdays -> Text,
        changed_at -> Timestamp,
        changed_by -> BigInt,
    }
}

diesel::table! {
    site_day (site_id, on_day) {
        site_id -> BigInt,
        on_day -> Date,
        works -> Bool,
        title -> Text,
    }
}

diesel::table! {
    calendar_entry (id) {
        id -> BigInt,
        person_id -> BigInt,
        uid -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        sequence -> BigInt,
        on_day -> Date,
        sent_at -> Timestamp,
        cancelled_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    calendar_feed (person_id) {
        person_id -> BigInt,
        digest -> Text,
        made_at -> Timestamp,
        last_read_at -> Nullable<Timestamp>,
    }
}

diesel::joinable!(assignment -> person (person_id));
diesel::joinable!(assignment -> site (site_id));
diesel::joinable!(account -> person (person_id));
diesel::joinable!(session -> person (person_id));
diesel::joinable!(known_device -> person (person_id));
diesel::joinable!(one_time_link -> person (person_id));
diesel::joinable!(sign_in_attempt -> person (person_id));
diesel::joinable!(role_grant -> person (person_id));
diesel::joinable!(role_grant -> site (site_id));
diesel::joinable!(audit -> person (by_person));
diesel::joinable!(form_receipt -> person (person_id));
diesel::joinable!(fact -> person (person_id));
diesel::joinable!(record_head -> person (person_id));
diesel::joinable!(content_file -> content (content_id));
diesel::joinable!(import_change -> import_run (run_id));
diesel::joinable!(enrolment -> person (person_id));
diesel::joinable!(enrolment -> content (content_id));
diesel::joinable!(lesson_progress -> enrolment (enrolment_id));
diesel::joinable!(course_completion -> enrolment (enrolment_id));
diesel::joinable!(course_completion -> fact (fact_id));
diesel::joinable!(pairing -> content (content_id));
diesel::joinable!(pairing_goal -> pairing (pairing_id));
diesel::joinable!(logbook_entry -> pairing (pairing_id));
diesel::joinable!(logbook_version -> logbook_entry (entry_id));
diesel::joinable!(logbook_review -> logbook_version (version_id));
diesel::joinable!(logbook_review -> person (reviewed_by));
diesel::joinable!(logbook_review -> fact (fact_id));
diesel::joinable!(question -> question_bank (bank_id));
diesel::joinable!(question_version -> question (question_id));
diesel::joinable!(attempt -> person (person_id));
diesel::joinable!(attempt -> content (content_id));
diesel::joinable!(attempt_question -> attempt (attempt_id));
diesel::joinable!(attempt_question -> question_version (question_version_id));
diesel::joinable!(attempt_result -> attempt (attempt_id));
diesel::joinable!(attempt_result -> fact (fact_id));
diesel::joinable!(certificate -> person (person_id));
diesel::joinable!(certificate -> content (content_id));
diesel::joinable!(certificate -> fact (fact_id));
diesel::joinable!(certificate_act -> certificate (certificate_id));
diesel::joinable!(certificate_act -> person (done_by));
diesel::joinable!(candidacy -> person (person_id));
diesel::joinable!(candidacy -> content (content_id));
diesel::joinable!(recommendation -> candidacy (candidacy_id));
diesel::joinable!(recommendation -> person (given_by));
diesel::joinable!(decision -> candidacy (candidacy_id));
diesel::joinable!(decision -> person (decided_by));
diesel::joinable!(decision -> fact (fact_id));
diesel::joinable!(outbox -> person (person_id));
diesel::joinable!(outbox_body -> outbox (outbox_id));
diesel::joinable!(reminder -> person (recipient_id));
diesel::joinable!(reminder -> outbox (outbox_id));
diesel::joinable!(answer -> attempt (attempt_id));
diesel::joinable!(question_stage -> question_version (question_version_id));
diesel::joinable!(question_stage -> person (set_by));
diesel::joinable!(exam_file -> person (added_by));
diesel::joinable!(question_import -> question_bank (bank_id));
diesel::joinable!(question_import_change -> question_import (import_id));
diesel::joinable!(question_import_change -> question_version (question_version_id));
diesel::joinable!(standard_judge -> standard_study (study_id));
diesel::joinable!(standard_judge -> person (person_id));
diesel::joinable!(standard_estimate -> standard_study (study_id));
diesel::joinable!(standard_estimate -> person (person_id));
diesel::joinable!(standard_estimate -> question_version (question_version_id));
diesel::joinable!(sitting -> site (site_id));
diesel::joinable!(sitting_invigilator -> sitting (sitting_id));
diesel::joinable!(sitting_invigilator -> person (person_id));
diesel::joinable!(registration -> sitting (sitting_id));
diesel::joinable!(registration -> person (person_id));
diesel::joinable!(registration -> content (content_id));
diesel::joinable!(accommodation -> person (person_id));
diesel::joinable!(attempt_event -> attempt (attempt_id));
diesel::joinable!(attempt_event -> person (by_person));
diesel::joinable!(attempt_presence -> attempt (attempt_id));
diesel::joinable!(practice_answer -> person (person_id));
diesel::joinable!(practice_answer -> question_version (question_version_id));
diesel::joinable!(question_correction -> question_version (question_version_id));
diesel::joinable!(practical -> content (content_id));
diesel::joinable!(practical -> person (person_id));
diesel::joinable!(practical -> sitting (sitting_id));
diesel::joinable!(practical -> site (site_id));
diesel::joinable!(practical_examiner -> practical (practical_id));
diesel::joinable!(practical_score -> practical_examiner (practical_examiner_id));
diesel::joinable!(practical_time -> practical_examiner (practical_examiner_id));
diesel::joinable!(practical_photo -> practical_examiner (practical_examiner_id));
diesel::joinable!(practical_photo -> exam_file (digest));
diesel::joinable!(practical_result -> practical (practical_id));
diesel::joinable!(practical_result -> person (released_by));
diesel::joinable!(practical_result -> fact (fact_id));
diesel::joinable!(conflict_declaration -> person (person_id));
diesel::joinable!(appeal -> attempt (attempt_id));
diesel::joinable!(appeal -> practical (practical_id));
diesel::joinable!(appeal -> person (person_id));
diesel::joinable!(certificate_file -> certificate (certificate_id));
diesel::joinable!(extension_campaign -> certificate_file (file_id));
diesel::joinable!(credential -> certificate (certificate_id));
diesel::joinable!(extract -> person (person_id));
diesel::joinable!(supervision -> person (person_id));
diesel::joinable!(supervision -> fact (fact_id));
diesel::joinable!(rule_draft -> content (content_id));
diesel::joinable!(api_token -> site (site_id));
diesel::joinable!(notice -> person (person_id));
diesel::joinable!(reminder -> notice (notice_id));
diesel::joinable!(mail_choice -> person (person_id));
diesel::joinable!(site_hours -> site (site_id));
diesel::joinable!(site_day -> site (site_id));
diesel::joinable!(calendar_entry -> person (person_id));
diesel::joinable!(calendar_feed -> person (person_id));

diesel::allow_tables_to_appear_in_same_query!(
    site,
    person,
    assignment,
    account,
    session,
    known_device,
    one_time_link,
    sign_in_attempt,
    role_grant,
    audit,
    form_receipt,
    fact,
    record_head,
    content,
    content_file,
    import_run,
    import_change,
    enrolment,
    lesson_progress,
    course_completion,
    pairing,
    pairing_goal,
    logbook_entry,
    logbook_version,
    logbook_review,
    question_bank,
    question,
    question_version,
    attempt,
    attempt_question,
    answer,
    attempt_result,
    certificate,
    certificate_act,
    certificate_series,
    candidacy,
    recommendation,
    decision,
    outbox,
    outbox_body,
    reminder,
    lease,
    question_stage,
    exam_file,
    question_import,
    question_import_change,
    blueprint,
    standard_study,
    standard_judge,
    standard_estimate,
    sitting,
    sitting_invigilator,
    registration,
    accommodation,
    attempt_event,
    attempt_presence,
    practice_answer,
    marking,
    question_correction,
    practical,
    practical_examiner,
    practical_score,
    practical_time,
    practical_photo,
    practical_result,
    conflict_declaration,
    appeal,
    certificate_template,
    certificate_file,
    certificate_import,
    extension_campaign,
    signing_key,
    credential,
    extract,
    supervision,
    appointment_act,
    competition_raise,
    rule_draft,
    api_token,
    notice,
    reminder_rule,
    reminder_mute,
    reminder_digest,
    mail_choice,
    site_hours,
    site_day,
    calendar_entry,
    calendar_feed,
    mail_pause,
);
