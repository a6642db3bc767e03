-- Checkpoints by cause and how long they took. From 18 on it is told how many of the timed ones had anything to do.
select c.num_timed, c.num_requested, c.num_done, c.write_time::int8, c.sync_time::int8, c.buffers_written,
       b.buffers_clean, b.maxwritten_clean
  from pg_stat_checkpointer c, pg_stat_bgwriter b
