-- What is free again goes back to the system, and nothing that strangers ask for is remembered for long.
--
-- The C library keeps memory between things that are in use. After a crowd or an attack that may be most of what it has, for
-- as long as the server runs.
--
-- Prosody's HTTP remembers which handlers ten thousand paths have, those that nobody serves too. A path can have ten
-- kilobytes, so that is a hundred megabytes of somebody's nonsense: long paths are looked up anew each time.
module:set_global()

local load = require("foundry.core")

local timer = load("util.timer")
local memory = require("foundry.memory")

local pause = module:get_option_number("foundry_memory_pause", 30)
local remembered_length = 256

local task = timer.add_task(pause, function()
  memory.trim()
  return pause
end)

local events = load("net.http.server")._events
local lookup = getmetatable(events._handlers)
local look_up = lookup.__index

-- It keeps the answer in the table that it was asked for, and the name where no such event has handlers of its own.
function lookup.__index(handlers, event)
  if #event <= remembered_length or events._event_map[event] then return look_up(handlers, event) end
  events._event_map[event] = {}
  local found = look_up({}, event)
  events._event_map[event] = nil
  return found
end

function module.unload()
  timer.stop(task)
  lookup.__index = look_up
end
