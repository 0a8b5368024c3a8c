CREATE TABLE `erased_conversations` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`last_turn` integer NOT NULL,
	`last_version` integer NOT NULL,
	`erased_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `model_usage` (
	`quarter_starts_at` integer NOT NULL,
	`group_id` text NOT NULL,
	`model` text NOT NULL,
	`calls` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`cache_write_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	PRIMARY KEY(`quarter_starts_at`, `group_id`, `model`)
);
--> statement-breakpoint
CREATE TABLE `__new_messages` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`conversation_id` text NOT NULL,
	`turn_id` text NOT NULL,
	`position` integer NOT NULL,
	`role` text NOT NULL,
	`blocks` text NOT NULL,
	`text` text NOT NULL,
	`source` text,
	`tainted` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_messages`("id", "conversation_id", "turn_id", "position", "role", "blocks", "text", "source", "tainted", "created_at") SELECT "id", "conversation_id", "turn_id", "position", "role", "blocks", "text", "source", "tainted", "created_at" FROM `messages` ORDER BY `created_at`, `conversation_id`, `position`;--> statement-breakpoint
DROP TABLE `messages`;--> statement-breakpoint
ALTER TABLE `__new_messages` RENAME TO `messages`;--> statement-breakpoint
CREATE UNIQUE INDEX `messages_id` ON `messages` (`id`);--> statement-breakpoint
CREATE INDEX `messages_position` ON `messages` (`conversation_id`,`position`);--> statement-breakpoint
CREATE INDEX `conversations_all_archived` ON `conversations` (`last_activity_at`,`id`) WHERE archived_at is not null;--> statement-breakpoint
CREATE INDEX `conversations_channel` ON `conversations` (`channel_id`,`last_activity_at`,`id`);--> statement-breakpoint
CREATE INDEX `conversations_busy` ON `conversations` (`status`,`last_activity_at`,`id`) WHERE status <> 'idle';--> statement-breakpoint
CREATE INDEX `turns_group` ON `turns` (`group_id`,`started_at`);--> statement-breakpoint
CREATE INDEX `turns_not_done` ON `turns` (`status`,`started_at`) WHERE status <> 'done';--> statement-breakpoint
CREATE VIEW `searched_messages` AS SELECT `seq`, `text`, `conversation_id` FROM `messages` WHERE `text` <> '';--> statement-breakpoint
CREATE VIRTUAL TABLE `message_search` USING fts5(`text`, `conversation_id`, content='searched_messages', content_rowid='seq', tokenize='unicode61 remove_diacritics 2');--> statement-breakpoint
INSERT INTO `message_search`(`message_search`) VALUES ('rebuild');--> statement-breakpoint
CREATE TRIGGER `messages_insert_search` AFTER INSERT ON `messages` WHEN new.text <> '' BEGIN
	INSERT INTO message_search(rowid, text, conversation_id) VALUES (new.seq, new.text, new.conversation_id);
END;--> statement-breakpoint
CREATE TRIGGER `messages_update_search` AFTER UPDATE ON `messages` BEGIN
	INSERT INTO message_search(message_search, rowid, text, conversation_id) SELECT 'delete', old.seq, old.text, old.conversation_id WHERE old.text <> '';
	INSERT INTO message_search(rowid, text, conversation_id) SELECT new.seq, new.text, new.conversation_id WHERE new.text <> '';
END;--> statement-breakpoint
CREATE TRIGGER `messages_delete_search` AFTER DELETE ON `messages` WHEN old.text <> '' BEGIN
	INSERT INTO message_search(message_search, rowid, text, conversation_id) VALUES ('delete', old.seq, old.text, old.conversation_id);
END;--> statement-breakpoint
CREATE TRIGGER `model_calls_insert_usage` AFTER INSERT ON `model_calls` BEGIN
	INSERT INTO model_usage (quarter_starts_at, group_id, model, calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens)
		VALUES (new.started_at - new.started_at % 900000, coalesce(new.group_id, ''), new.model, 1, new.input_tokens, new.cache_read_tokens, new.cache_write_tokens, new.output_tokens)
		ON CONFLICT (quarter_starts_at, group_id, model) DO UPDATE SET
			calls = calls + 1,
			input_tokens = input_tokens + excluded.input_tokens,
			cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
			cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
			output_tokens = output_tokens + excluded.output_tokens;
END;--> statement-breakpoint
INSERT INTO `model_usage` SELECT `started_at` - `started_at` % 900000, coalesce(`group_id`, ''), `model`, count(*), sum(`input_tokens`), sum(`cache_read_tokens`), sum(`cache_write_tokens`), sum(`output_tokens`) FROM `model_calls` GROUP BY 1, 2, 3;