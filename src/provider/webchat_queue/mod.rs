//! webchat-queue: queues, their members, and who is claiming chats.

pub mod simulate;
