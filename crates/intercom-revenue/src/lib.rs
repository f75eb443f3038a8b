//! Money, MRR, ARR and LTV, exactly; alerts on their changes.
