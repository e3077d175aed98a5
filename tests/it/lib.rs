//! The proof lives in the one test binary beside this file.
