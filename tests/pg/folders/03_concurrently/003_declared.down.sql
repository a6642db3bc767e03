DROP INDEX names_both_idx;
