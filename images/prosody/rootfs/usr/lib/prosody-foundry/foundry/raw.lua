-- Files of ordinary Prosody configuration beside the environment: which there are, and, before the server starts, what is
-- wrong with them and what they set that the environment sets, too.

local lfs = require("lfs")
local options = require("foundry.options")
local shipped = require("foundry.shipped")
local did_you_mean = require("foundry.nearest")
local folders = require("foundry.folders")

-- What a pattern with * and ? in its last part means, in the order of the names.
local function list_files(pattern)
  local folder, last = pattern:match("^(.*)/([^/]+)$")
  if not folder or not last:find("[*?]") then return lfs.attributes(pattern, "mode") and { pattern } or {} end
  local expression = "^" .. last:gsub("[%^$().%[%]+%%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
  local opened, each, state = pcall(lfs.dir, folder)
  local files = {}
  for entry in opened and each or function() end, state do
    if entry:sub(1, 1) ~= "." and entry:find(expression) then files[#files + 1] = folder .. "/" .. entry end
  end
  table.sort(files)
  return files
end

-- While it is a table, every value that prosody.cfg.lua sets is replaced by one that can be told from all others, so that
-- one that a raw file set over it shows, even if it is equal.
local marks

local function observe(host, name, value)
  if not marks then return value end
  local mark = {}
  marks[#marks + 1] = { host = host, name = name, mark = mark, is_empty = type(value) == "table" and next(value) == nil }
  return mark
end

-- Files that are no use, which nothing reads while the whole is judged; and the one that is being read.
local left_out, current = {}, nil

-- The files, one after the other.
local function each_file(pattern)
  local files, i = list_files(pattern), 0
  return function()
    repeat i = i + 1 until not left_out[files[i]]
    current = files[i]
    return current
  end
end

-- Prosody's own reader, which `prosody` finds in the same place afterwards.
local function find_reader()
  local library = "/usr/lib/prosody/?"
  if not package.path:find(library, 1, true) then
    package.path = library .. ".lua;" .. package.path
    package.cpath = library .. ".so;" .. package.cpath
  end
  if not pcall(require, "prosody.loader") then pcall(require, "loader") end
  local found, reader = pcall(require, "prosody.core.configmanager")
  return found and reader or require("core.configmanager")
end

-- `path` is the file where the error does not say it.
local function say_error(message, path)
  local first = tostring(message):match("^[^\n]*")
  local file, line, reason = first:match("^(/[^:]+):(%d+): (.*)$")
  if not file then return (path and path .. ": " or "") .. first .. "." end
  return ("%s, line %s: %s."):format(file, line, reason)
end

local function read_text(path)
  local file = io.open(path)
  local text = file and file:read("a")
  if file then file:close() end
  return text or ""
end

local function find_file(files, pattern)
  for _, path in ipairs(files) do
    if ("\n" .. read_text(path)):find(pattern) then return path end
  end
  return "a raw file"
end

local function find_setter(files, name)
  return find_file(files, "%f[%w_]" .. name .. "%f[^%w_]%s*=")
end

-- The file that has this word in quotes, or nil.
local function find_naming(values, word)
  local pattern = "[\"']" .. word:gsub("%p", "%%%0") .. "[\"']"
  for _, path in ipairs(list_files(values.PROSODY_EXTRA_CONFIG)) do
    if read_text(path):find(pattern) then return path end
  end
end

-- Prosody's option → the names of the environment that set it.
local function names_in_environment(set_by)
  local names = {}
  for _, option in ipairs(options) do
    for _, name in ipairs(set_by[option.name] and (type(option.sets) == "table" and option.sets or { option.sets }) or {}) do
      names[name] = names[name] or {}
      table.insert(names[name], set_by[option.name])
    end
  end
  return names
end

-- { host =, name =, … } of what is no longer as prosody.cfg.lua had set it, or has a value of its own on some host: `kind` is
-- that of a component, `is_replaced` where there was something before.
local function find_overwritten(config)
  local found, global = {}, {}
  for _, entry in ipairs(marks) do
    local host = rawget(config, entry.host)
    if host and rawget(host, entry.name) ~= entry.mark then found[entry.host .. "/" .. entry.name] = entry end
    if entry.host == "*" then global[entry.name] = true end
    found[entry.host .. "/" .. entry.name .. "/ours"] = entry.host ~= "*" or nil
  end
  local list = {}
  for host, values in pairs(config) do
    for name in pairs(values) do
      local key = host .. "/" .. name
      local is_ours = type(found[key]) == "table"
      if is_ours or host ~= "*" and global[name] and not found[key .. "/ours"] then
        local is_replaced = is_ours and not found[key].is_empty
        list[#list + 1] = { host = host, name = name, is_replaced = is_replaced, kind = rawget(values, "component_module") }
      end
    end
  end
  return list
end

local lists = { muc = "PROSODY_MUC_MODULES", http_file_share = "PROSODY_UPLOAD_MODULES", pubsub = "PROSODY_PUBSUB_MODULES" }

-- What a host of accounts has of its own comes on top of the modules of all, and takes none away.
local function say_modules(entry, where, file)
  if not entry.is_replaced then return nil end
  return ("%s sets modules_enabled%s, so the image's own modules are gone%s: use %s to add some."):format(
    file, where, where ~= "" and " there" or "", lists[entry.kind] or "PROSODY_ENABLE_MODULES")
end

local function say_twice(entry, names, files)
  local where = entry.host == "*" and "" or " on " .. entry.host
  local file = find_setter(files, entry.name)
  if entry.name == "modules_enabled" and (where ~= "" or not names) then return say_modules(entry, where, file) end
  if not names then return nil end
  return ("%s and %s both set %s%s: the file counts."):format(table.concat(names, ", "), file, entry.name, where)
end

local function find_twice(reader, files, set_by)
  marks = {}
  -- What is wrong with the files was found before; a file that reckons with an option may fail on a mark.
  local _, loaded = pcall(reader.load, folders.configuration, "lua")
  local names, sentences = names_in_environment(set_by), {}
  for _, entry in ipairs(loaded == true and find_overwritten(reader.getconfig()) or {}) do
    sentences[#sentences + 1] = say_twice(entry, names[entry.name], files)
  end
  marks = nil
  table.sort(sentences)
  return sentences
end

-- The modules that the configuration wants, of all hosts: name → the word that stands for it there.
local function wanted_modules(config)
  local names = {}
  for _, values in pairs(config) do
    for _, name in ipairs(rawget(values, "modules_enabled") or {}) do names[name] = name end
    local kind, way = rawget(values, "component_module"), rawget(values, "authentication")
    if kind and kind ~= "component" then names[kind] = kind end
    if type(way) == "string" and way ~= "null" then names["auth_" .. way] = way end
  end
  return names
end

local function find_bad_modules(config, files, doubted)
  local problems = {}
  local paths = rawget(config["*"], "plugin_paths") or {}
  for name, word in pairs(wanted_modules(config)) do
    local path = shipped.find_module(name, paths)
    local broken = path and not path:find("^/usr/lib/prosody") and shipped.find_fault(path)
    if not path and not doubted.PROSODY_PLUGIN_PATHS then
      problems[#problems + 1] = ("%s wants the module %q, which is not in this image.%s"):format(
        find_file(files, "[\"']" .. word:gsub("%p", "%%%0") .. "[\"']"), name, did_you_mean(name, shipped.module_names(paths)))
    elseif broken then
      problems[#problems + 1] = ("The module %q cannot be loaded: %s"):format(name, say_error(broken))
    end
  end
  table.sort(problems)
  return problems
end

-- Sentences about files that cannot be read, or are no Lua. Which files are meant is not known where that is in doubt.
local function find_faults(values, doubted)
  local problems = {}
  for _, path in ipairs(doubted.PROSODY_EXTRA_CONFIG and {} or list_files(values.PROSODY_EXTRA_CONFIG)) do
    local file, reason = io.open(path)
    if file then file:close() end
    local _, wrong = loadfile(path, "t")
    left_out[path] = not file or wrong
    if not file then
      problems[#problems + 1] = ("Cannot read %s."):format(reason)
    elseif wrong then
      problems[#problems + 1] = say_error(wrong)
    end
  end
  return problems
end

-- Reads the whole configuration but for files that fail, of which there is a sentence each. Answers whether it could.
local function read_whole(reader, problems)
  while true do
    current = nil
    local loaded, _, wrong = reader.load(folders.configuration, "lua")
    if loaded then return true end
    problems[#problems + 1] = say_error(wrong, current)
    if not current then return false end
    left_out[current] = true
  end
end

-- Two lists of sentences: what forbids the start, and what is worth a warning. What options in doubt would change is no
-- problem of its own.
local function judge(values, set_by, doubted)
  local files = list_files(values.PROSODY_EXTRA_CONFIG)
  for _, path in ipairs(files) do left_out[path] = doubted.PROSODY_EXTRA_CONFIG end
  local problems = find_faults(values, doubted)
  local reader = find_reader()
  local credentials = os.getenv("CREDENTIALS_DIRECTORY")
  if credentials and reader.set_credentials_directory then reader.set_credentials_directory(credentials) end
  local is_read = read_whole(reader, problems)
  local bad = is_read and find_bad_modules(reader.getconfig(), files, doubted) or {}
  table.move(bad, 1, #bad, #problems + 1, problems)
  return problems, #problems == 0 and #files > 0 and find_twice(reader, files, set_by) or {}
end

return {
  each_file = each_file, find_naming = find_naming, observe = observe, find_faults = find_faults, judge = judge,
}
