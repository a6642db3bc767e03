-- Migration: 003_query_log
-- Description: without the log; its rows are lost

DROP TABLE IF EXISTS query_log;
