//! Practice outside exams.
