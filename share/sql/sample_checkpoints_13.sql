-- Checkpoints by cause and how long they took: before 17.
select b.checkpoints_timed, b.checkpoints_req, null::int8, b.checkpoint_write_time::int8,
       b.checkpoint_sync_time::int8, b.buffers_checkpoint, b.buffers_clean, b.maxwritten_clean
  from pg_stat_bgwriter b
