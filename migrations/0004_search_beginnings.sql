DROP TABLE `message_search`;--> statement-breakpoint
CREATE VIRTUAL TABLE `message_search` USING fts5(`text`, `conversation_id`, content='searched_messages', content_rowid='seq', tokenize='unicode61 remove_diacritics 2', prefix='2 3');--> statement-breakpoint
INSERT INTO `message_search`(`message_search`) VALUES ('rebuild');
