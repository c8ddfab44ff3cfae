-- A chats file of version 4, as the program of that version wrote it.
CREATE TABLE chats (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, created_at REAL NOT NULL,
    updated_at REAL NOT NULL, leaf_id TEXT
, deleted_at REAL, cut_id TEXT, is_named INTEGER NOT NULL DEFAULT 0, is_pinned INTEGER NOT NULL DEFAULT 0, folder_id TEXT);
CREATE TABLE messages (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    parent_id TEXT, role TEXT NOT NULL, text TEXT NOT NULL, reasoning TEXT NOT NULL DEFAULT '', state TEXT NOT NULL,
    model TEXT NOT NULL DEFAULT '', quant TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, timings TEXT
, is_edited INTEGER NOT NULL DEFAULT 0, deleted_at REAL);
CREATE INDEX messages_of_chat ON messages(chat_id, n);
CREATE INDEX chats_by_date ON chats(deleted_at, updated_at);
CREATE TABLE summaries (
    n INTEGER PRIMARY KEY, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE, until_id TEXT NOT NULL,
    text TEXT NOT NULL, n_messages INTEGER NOT NULL, model TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL,
    UNIQUE (chat_id, until_id)
);
CREATE TABLE folders (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, is_folded INTEGER NOT NULL DEFAULT 0, deleted_at REAL
);
CREATE TABLE pieces (
    n INTEGER PRIMARY KEY, message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    text TEXT NOT NULL, reasoning TEXT NOT NULL
);
CREATE INDEX pieces_of_message ON pieces(message_id, n);
CREATE INDEX growing_messages ON messages(chat_id) WHERE state = 'streaming';
CREATE VIRTUAL TABLE message_index USING fts5(text, reasoning, content='', tokenize='trigram', detail=none);
INSERT INTO chats (n, id, title, created_at, updated_at, leaf_id, deleted_at, cut_id, is_named, is_pinned, folder_id) VALUES (1, 'c1', 'Coin tosses', 1700000000.0, 1795338544.1507947, 'b', NULL, 'q', 0, 0, 'f');
INSERT INTO chats (n, id, title, created_at, updated_at, leaf_id, deleted_at, cut_id, is_named, is_pinned, folder_id) VALUES (2, 'c2', 'Wurzel', 1700000003.0, 1700000004.0, 'z', NULL, NULL, 1, 1, NULL);
INSERT INTO chats (n, id, title, created_at, updated_at, leaf_id, deleted_at, cut_id, is_named, is_pinned, folder_id) VALUES (3, 'c3', 'Deleted', 1700000000.0, 1700000001.0, 'd', 1795338544.1499796, NULL, 0, 0, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (1, 'q', 'c1', NULL, 'user', 'How many coin tosses until two heads?
它是多少？', '', 'done', '', '', 1700000000.5, NULL, 0, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (2, 'a', 'c1', 'q', 'assistant', 'On average **six**.', 'Let E be it''s expectation', 'done', 'R1', 'Q4', 1700000001.5, '{"prompt_tokens": 10, "reused_tokens": 4, "decode_tokens": 1301, "reasoning_tokens": 912, "time_to_first_token_s": 0.2, "prefill_tokens_s": 800.0, "decode_tokens_s": 38.1, "reasoning_seconds": 24.0, "context_used": 1311, "stop_reason": "end", "restored_tokens": 0, "drafted_tokens": 0, "accepted_tokens": 0, "drafting": "", "drafting_s": 0.0, "plain_s": 0.0}', 0, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (3, 'b', 'c1', 'q', 'assistant', 'Six, cut', '', 'streaming', 'R1', 'Q4', 1700000002.5, NULL, 0, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (4, 'z', 'c2', NULL, 'user', '为什么根号二是无理数？', '', 'done', '', '', 1700000003.5, NULL, 0, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (5, 'd', 'c3', NULL, 'user', 'gone', '', 'done', '', '', 1.0, NULL, 0, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (6, 'e', 'c1', 'q', 'assistant', 'Exactly six.', '', 'done', 'R1', 'Q4', 1700000011.5, NULL, 1, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited, deleted_at) VALUES (7, 'h', 'c1', 'q', 'assistant', 'hidden', '', 'done', '', '', 1700000012.5, NULL, 0, 1795338544.1509345);
INSERT INTO summaries (n, chat_id, until_id, text, n_messages, model, created_at) VALUES (1, 'c1', 'q', 'They spoke of coins.', 1, 'R1 Q4', 1700000010.0);
INSERT INTO folders (n, id, name, is_folded, deleted_at) VALUES (1, 'f', 'Maths', 1, NULL);
INSERT INTO pieces (n, message_id, text, reasoning) VALUES (1, 'b', ' short', '');
INSERT INTO message_index(rowid, text, reasoning) SELECT n, text || char(10, 10), reasoning || char(10, 10) FROM messages WHERE state <> 'streaming';
ALTER TABLE messages ADD COLUMN attachments TEXT;
ALTER TABLE chats ADD COLUMN settings TEXT;
UPDATE messages SET attachments = '[{"name": "tosses.csv", "text": "1,6", "kind": "table", "size_bytes": 3, "pages": 0, "pages_read": 0, "cut_chars": 0}]' WHERE id = 'q';
UPDATE chats SET settings = '{"model_path": "", "model_name": "", "system_prompt": "Be brief.", "sampling": null, "thinking": false, "thinking_budget": 512, "max_tokens": null, "json_schema": ""}' WHERE id = 'c1';
PRAGMA user_version=5;
