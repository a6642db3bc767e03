-- Checkpoints by cause and how long they took: of 17.
select c.num_timed, c.num_requested, null::int8, c.write_time::int8, c.sync_time::int8, c.buffers_written,
       b.buffers_clean, b.maxwritten_clean
  from pg_stat_checkpointer c, pg_stat_bgwriter b
