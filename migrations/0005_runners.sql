CREATE TABLE `commands` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`runner_id` text,
	`conversation_id` text,
	`correlation_id` text,
	`failure_code` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`accepted_at` integer,
	`started_at` integer,
	`ended_at` integer,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `commands_created` ON `commands` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `commands_status` ON `commands` (`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `commands_runner` ON `commands` (`runner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `commands_conversation` ON `commands` (`conversation_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `commands_correlation` ON `commands` (`correlation_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `runner_tokens` (
	`token_id` text PRIMARY KEY NOT NULL,
	`capabilities` text NOT NULL,
	`runner_id` text,
	`created_at` integer NOT NULL,
	`bound_at` integer
);
--> statement-breakpoint
CREATE INDEX `runner_tokens_runner` ON `runner_tokens` (`runner_id`);