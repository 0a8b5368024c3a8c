CREATE TABLE `conversation_budgets` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`max_tokens_day` integer,
	`max_tokens_month` integer,
	`max_micro_usd_day` integer,
	`max_micro_usd_month` integer,
	`updated_at` integer NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `budget_max_micro_usd_day` integer;--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `budget_max_micro_usd_month` integer;--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `conversation_max_tokens_day` integer;--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `conversation_max_tokens_month` integer;--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `conversation_max_micro_usd_day` integer;--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `conversation_max_micro_usd_month` integer;--> statement-breakpoint
ALTER TABLE `model_calls` ADD `provider` text;--> statement-breakpoint
ALTER TABLE `model_calls` ADD `tier` text;--> statement-breakpoint
ALTER TABLE `model_calls` ADD `reason` text;--> statement-breakpoint
ALTER TABLE `model_calls` ADD `cost_micro_usd` integer;--> statement-breakpoint
DROP TRIGGER `model_calls_insert_usage`;--> statement-breakpoint
CREATE TABLE `__new_model_usage` (
	`quarter_starts_at` integer NOT NULL,
	`group_id` text NOT NULL,
	`model` text NOT NULL,
	`calls` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`cache_write_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`cost_micro_usd` integer NOT NULL,
	`unpriced_calls` integer NOT NULL,
	PRIMARY KEY(`quarter_starts_at`, `group_id`, `model`)
);
--> statement-breakpoint
INSERT INTO `__new_model_usage` SELECT `quarter_starts_at`, `group_id`, `model`, `calls`, `input_tokens`, `cache_read_tokens`, `cache_write_tokens`, `output_tokens`, 0, `calls` FROM `model_usage`;--> statement-breakpoint
DROP TABLE `model_usage`;--> statement-breakpoint
ALTER TABLE `__new_model_usage` RENAME TO `model_usage`;--> statement-breakpoint
CREATE TRIGGER `model_calls_insert_usage` AFTER INSERT ON `model_calls` BEGIN
	INSERT INTO model_usage (quarter_starts_at, group_id, model, calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_micro_usd, unpriced_calls)
		VALUES (new.started_at - new.started_at % 900000, coalesce(new.group_id, ''), new.model, 1, new.input_tokens, new.cache_read_tokens, new.cache_write_tokens, new.output_tokens, coalesce(new.cost_micro_usd, 0), new.cost_micro_usd is null)
		ON CONFLICT (quarter_starts_at, group_id, model) DO UPDATE SET
			calls = calls + 1,
			input_tokens = input_tokens + excluded.input_tokens,
			cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
			cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
			output_tokens = output_tokens + excluded.output_tokens,
			cost_micro_usd = cost_micro_usd + excluded.cost_micro_usd,
			unpriced_calls = unpriced_calls + excluded.unpriced_calls;
END;