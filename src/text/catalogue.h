// Every text that a client can see, in every language, in one table (texts.cc). {0}, {1}, … stand
// for what is filled in.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "text/language.h"

namespace chatd {

enum class Text : std::uint8_t {
    // at the door
    Prompt,
    WelcomeAlone,
    Welcome,
    WelcomeCrowd,
    Comma,
    NameEmpty,
    NameTooLong,
    NameBadCharacter,
    NameTaken,
    TooManyTries,
    NoNameInTime,
    NotThat,
    RoomFull,
    ServerBusy,
    TooManyOfYours,
    Penalised,
    TooManyLogins,
    // what happens in the room
    Entered,
    Left,
    LeftWithWords,
    LeftBecause,
    ManyEntered,
    ManyLeft,
    ManyLeftBecause,
    LastComma,
    BecauseLost,
    BecauseRemoved,
    BecauseKilled,
    BecauseFailed,
    BecauseExpelled,
    BecauseIdle,
    Says,
    Does,
    TellsYou,
    IsNowCalled,
    YouAreNowCalled,
    OneSkipped,
    Skipped,
    RoomRecovers,
    RoomIsBack,
    // answers to commands
    LineTooLong,
    TooFast,
    NobodyThere,
    NobodyToAnswer,
    NoSuchCommand,
    NoSuchCommandNearest,
    Poison,
    UseMe,
    UseMsg,
    UseReply,
    UseNick,
    UseHistory,
    UseTime,
    UseLang,
    AlreadyCalled,
    TimeOn,
    TimeOff,
    LanguageIs,
    NoHistory,
    WhoOne,
    WhoAll,
    WhoMatching,
    WhoNobody,
    WhoRow,
    WhoMore,
    Seconds,
    Minutes,
    Hours,
    Days,
    Help,
    // the end
    Goodbye,
    ServerCloses,
    OperatorRemoves,
    IdleTooLong,
    WorkerFails,
    kCount,
};

// The text as it stands in the table, its blanks not filled in.
[[nodiscard]] std::string_view text_of(Text text, Language language);

// Appends the text with its blanks filled in. What is filled in is not looked at: it must be clean.
void append_text(std::string& out, Language language, Text text,
                 std::initializer_list<std::string_view> fillings = {});

}  // namespace chatd
