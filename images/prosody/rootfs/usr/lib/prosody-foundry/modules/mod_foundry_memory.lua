-- What is free again goes back to the system. The C library keeps memory between things that are in use: after a crowd or an
-- attack that may be most of what it has, for as long as the server runs.
module:set_global()

local load = require("foundry.core")

local timer = load("util.timer")
local memory = require("foundry.memory")

local pause = module:get_option_number("foundry_memory_pause", 30)

local task = timer.add_task(pause, function()
  memory.trim()
  return pause
end)

-- Where much is new and stays, as when a crowd logs in, Lua puts its generations aside, and would not look again until memory
-- has doubled.
local collector = module:get_option("gc")
if collector and collector.mode == "generational" then collectgarbage("setpause", 130) end

function module.unload() timer.stop(task) end
