CREATE TABLE `approval_rules` (
	`tool_name` text NOT NULL,
	`group_id` text NOT NULL,
	`risk_level` text,
	`require_approval` integer NOT NULL,
	`timeout_seconds` integer,
	`timeout_action` text NOT NULL,
	`auto_approve` text NOT NULL,
	`updated_at` integer NOT NULL,
	`updated_by` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`tool_name`, `group_id`)
);
--> statement-breakpoint
CREATE TABLE `approvals` (
	`id` text PRIMARY KEY NOT NULL,
	`conversation_id` text NOT NULL,
	`turn_id` text NOT NULL,
	`group_id` text,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`tool` text NOT NULL,
	`input` text NOT NULL,
	`arguments_sha256` text NOT NULL,
	`arguments_size_bytes` integer NOT NULL,
	`arguments_masked` integer NOT NULL,
	`risk` text NOT NULL,
	`reason` text NOT NULL,
	`marks` text NOT NULL,
	`on_timeout` text NOT NULL,
	`condition` text,
	`source` text,
	`resolved_by_id` text,
	`resolved_by_name` text,
	`comment` text,
	`answers` text,
	`requested_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`resolved_at` integer,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `approvals_requested` ON `approvals` (`requested_at`,`id`);--> statement-breakpoint
CREATE INDEX `approvals_status` ON `approvals` (`status`,`requested_at`,`id`);--> statement-breakpoint
CREATE INDEX `approvals_turn` ON `approvals` (`turn_id`);--> statement-breakpoint
CREATE INDEX `approvals_conversation` ON `approvals` (`conversation_id`);--> statement-breakpoint
ALTER TABLE `agent_groups` ADD `tools` text;