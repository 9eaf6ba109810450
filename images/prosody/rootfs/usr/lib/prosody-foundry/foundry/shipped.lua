-- What this image has: the release and series of its Prosody, and the modules that it can load.

local folder = "/usr/lib/prosody-foundry/"
local core = "/usr/lib/prosody/modules/"
local community = "/usr/lib/prosody-modules/"
local own = folder .. "modules/"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function read_release()
  local file = io.open("/usr/lib/prosody/prosody.version") or io.open("/usr/lib/prosody/prosody.release")
  local line = file and file:read()
  if file then file:close() end
  return line or "trunk"
end

local release = read_release()

-- Series in the order of their age; what is no numbered release is trunk.
local all_series = { "0.12", "13.0", "trunk" }
local function series_of(text)
  for _, series in ipairs(all_series) do
    if (text .. "."):sub(1, #series + 1) == series .. "." then return series end
  end
  return "trunk"
end

local function position(series)
  for i, known in ipairs(all_series) do
    if known == series then return i end
  end
end

-- modules.lua: { ["mod_x"] = { hosts = { "virtual-host", … }, enable = false or nil }, … }, made when the image is built.
local function read_modules()
  if not exists(folder .. "modules.lua") then return {} end
  return dofile(folder .. "modules.lua")
end

local patterns = { "mod_%s/mod_%s.lua", "mod_%s/%s/mod_%s.lua", "mod_%s.lua", "%s/mod_%s.lua" }

local function find_in(folder, name)
  for _, pattern in ipairs(patterns) do
    local path = folder:gsub("/*$", "/") .. pattern:gsub("%%s", (name:gsub("%%", "%%%%")))
    if exists(path) then return path end
  end
end

-- The file of a module, in the order in which Prosody looks: folders with modules of the user's come before the image's.
local function find_module(name, more)
  local folders = table.move({ own, community, core }, 1, 3, #(more or {}) + 1, { table.unpack(more or {}) })
  for _, folder in ipairs(folders) do
    local path = find_in(folder, name)
    if path then return path end
  end
end

local function read_header(path)
  local header = {}
  for line in io.lines(path) do
    local key, value = line:match("^%-%-%% *([%w_]+): *(.-)%s*$")
    if key then header[key] = value end
  end
  return header
end

-- Why Prosody would not load this file, or nothing. Its own modules and the image's were tried when they were chosen.
local function find_fault(path)
  local chunk, wrong = loadfile(path, "t")
  if not chunk then return wrong end
  local found, features = pcall(dofile, "/usr/lib/prosody/core/features.lua")
  if not found then return nil end -- 0.12 reads no header
  local header = read_header(path)
  for feature in (header.conflicts or ""):gmatch("[^, ]+") do
    if features.available:contains(feature) then return ("%s: this Prosody has %s itself"):format(path, feature) end
  end
  for feature in (header.requires or ""):gmatch("[^, ]+") do
    if not features.available:contains(feature) then return ("%s: this Prosody has no %s"):format(path, feature) end
  end
end

local function module_names(more)
  local names = {}
  local found, lfs = pcall(require, "lfs")
  for _, path in ipairs(found and { community, core, table.unpack(more or {}) } or {}) do
    local opened, each, state = pcall(lfs.dir, path)
    for entry in opened and each or function() end, state do
      names[#names + 1] = entry:match("^mod_([%w_-]+)") or find_in(path, entry) and entry or nil
    end
  end
  table.sort(names)
  return names
end

return {
  release = release,
  series = series_of(release),
  is_newest = series_of(release) == all_series[#all_series],
  modules = read_modules(),
  -- Whether this Prosody is of that series or a later one.
  is_since = function(series) return position(series_of(release)) >= (position(series) or math.huge) end,
  -- A release differs in what it brings: cloud_notify came with 13.0.
  has_core = function(name) return find_in(core, name) ~= nil or find_in(own, name) ~= nil end,
  has_module = function(name, more) return find_module(name, more) ~= nil end,
  find_module = find_module,
  find_fault = find_fault,
  module_names = module_names,
}
