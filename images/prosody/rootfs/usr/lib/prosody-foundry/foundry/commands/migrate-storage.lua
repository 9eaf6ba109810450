-- migrate-storage [--from KIND] [--to KIND] [--replace] [--json]: copies all data into another storage, and compares

local command = require("foundry.data.command")
local sides = require("foundry.data.sides")

local usage = "Usage: migrate-storage [--from KIND] [--to KIND] [--replace] [--json]; KIND is internal, sqlite, sql, postgresql or mysql."

local function read_side(words, flag, prefix)
  if not words[flag] then return nil end
  local settings, problems = sides.read(prefix, words[flag])
  if settings then return settings end
  for _, problem in ipairs(problems) do command.say("error\t" .. problem) end
  os.exit(78)
end

local function take_lock(folder)
  if require("foundry.data.lock").own(folder) then return end
  error("A server uses this data: stop it first, so that nothing is written to the old storage any more.", 0)
end

local function open_sides(words)
  local places = require("foundry.data.places")
  local source_settings = read_side(words, "from", "SOURCE")
  local target_settings = read_side(words, "to", "TARGET")
  local source, target = places.open(source_settings), places.open(target_settings)
  for _, place in ipairs({ source, target }) do
    local _, strange = place:describe()
    if strange then error(("Storage %q cannot be moved: it keeps nothing, or nobody but Prosody knows how."):format(strange), 0) end
  end
  if source:is_same(target) then
    error(("Both sides are the same, %s. Say what the other one is with --from or --to, and PROSODY_SOURCE_SQL_… or PROSODY_TARGET_SQL_…"):format(
      source:describe()), 0)
  end
  return source, target
end

-- What is kept in the same place on both sides is left alone.
local function keeper(source, target)
  local locate = require("foundry.data.places").locate
  return function(section)
    return locate(source, section.host, section.store).key == locate(target, section.host, section.store).key
  end
end

-- The source without what stays.
local function without(source, keep)
  return setmetatable({
    sections = function()
      local list = {}
      for _, section in ipairs(source:sections()) do
        if not keep(section) then list[#list + 1] = section end
      end
      return list
    end,
  }, { __index = source })
end

local function hosts_of(source, target)
  local hosts = {}
  for host in pairs(target.hosts) do hosts[host] = true end
  for _, section in ipairs(source:sections()) do hosts[section.host] = true end
  return hosts
end

local function check_empty(target, hosts, keep)
  for _, section in ipairs(target:sections()) do
    if hosts[section.host] and not keep(section) then
      error(("The target, %s, has data of %s already (%s): --replace puts the source's in its place."):format(
        target:describe(), section.host, section.store), 0)
    end
  end
end

local function copy(source, writer)
  local walk = require("foundry.data.walk")
  local sum = walk.walk(source, function(section, record) writer:write(section, record) end, command.progress("copied"))
  writer:flush()
  return walk.compare(sum, walk.sum_up(writer, function() end))
end

local function show(rows, same)
  local line = "%-32s %-40s %12s %12s  %s"
  print(line:format("host", "store", "source", "target", "content"))
  for _, row in ipairs(rows) do
    print(line:format(row.host, row.store, row.source, row.target, row.same and "same" or "DIFFERENT"))
  end
  print(same and "All data is in the target. The source was not changed." or "Nothing was changed: the copy differs from the source.")
end

local function show_json(rows, same, names)
  print(require("foundry.data.json").encode({ source = names.source, target = names.target, same = same, sections = rows }))
end

local function migrate(words)
  local source, target = open_sides(words)
  local folder = require("foundry.data.places").data_folder()
  take_lock(folder)
  require("foundry.data.staging").finish(folder, "migrate-storage")
  local keep = keeper(source, target)
  local hosts = hosts_of(source, target)
  if not words.replace then check_empty(target, hosts, keep) end
  local names = { source = source:describe(), target = target:describe() }
  target:close()
  local writer = require("foundry.data.writers").open(target, { command = "migrate-storage", hosts = hosts, replace = true, keep = keep })
  local rows, same = copy(without(source, keep), writer)
  if same then writer:commit() end
  writer:close()
  source:close()
  if words.json then show_json(rows, same, names) else show(rows, same) end
  return same and 0 or 1
end

return function(arguments)
  local words = command.parse(arguments, { from = "value", to = "value", replace = "flag", json = "flag" }, usage)
  if #words > 0 or not (words.from or words.to) then command.fail(usage, 64) end
  command.check_environment(sides.is_known)
  return command.run(function()
    require("foundry.data.prosody").start()
    return migrate(words)
  end)
end
