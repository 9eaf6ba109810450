-- Prosody's storage in files, <host>/<store>/<user>.dat and .list, read and written without holding an archive in
-- memory. `folder` is the data folder, or the one that takes its place later.

local lfs = require("lfs")
local by_kind = require("foundry.data.by-kind")
local entries = require("foundry.data.entries")
local load_library = require("foundry.data.prosody").load
local xml = require("foundry.data.xml")
local datetime = load_library("util.datetime")
-- Loading storagemanager replaces functions of datamanager; this is how they were.
local datamanager = load_library("core.storagemanager").olddm
local serialize = load_library("util.serialization").serialize

local extensions = { dat = "keyval", list = "archive" }
local extension_of = { keyval = "dat", archive = "list" }

local function mode_of(path) return lfs.attributes(path, "mode") end

-- Prosody's own name for a file that lies beside the hosts.
local function host_of(name)
  return name ~= "_global" and datamanager.path_decode(name) or name
end

local function path_of(self, section, user, create)
  datamanager.set_data_path(self.folder)
  local host = section.host ~= "_global" and section.host or nil
  return datamanager.getpath(user ~= "" and user or nil, host, section.store, extension_of[section.kind], create)
end

local function split(name)
  local stem, extension = name:match("^([%w_%%]+)%.(%l+)$")
  return stem and datamanager.path_decode(stem), extensions[extension]
end

-- Calls visit(host, store, kind, user) for each file.
local function visit_host(folder, host, visit)
  for _, name in ipairs(entries(folder)) do
    local path = folder .. "/" .. name
    local mode = name:sub(1, 1) ~= "." and mode_of(path)
    if mode == "directory" then
      for _, file in ipairs(entries(path)) do
        local user, kind = split(file)
        if kind then visit(host, datamanager.path_decode(name), kind, user) end
      end
    elseif mode then
      local store, kind = split(name)
      if kind then visit(host, store, kind, "") end
    end
  end
end

local function visit_all(self, visit)
  for _, name in ipairs(entries(self.folder)) do
    local path = self.folder .. "/" .. name
    if name:find("^[%w_%%]+$") and mode_of(path) == "directory" then visit_host(path, host_of(name), visit) end
  end
end

local methods = {}

-- { host =, store =, kind = } of all that is there.
function methods:sections()
  local found, list = {}, {}
  visit_all(self, function(host, store, kind)
    local key = host .. "\0" .. store .. "\0" .. kind
    if not found[key] then list[#list + 1] = { host = host, store = store, kind = kind } end
    found[key] = true
  end)
  return list
end

function methods:users(section)
  local users = {}
  datamanager.set_data_path(self.folder)
  local host_folder = self.folder .. "/" .. (section.host == "_global" and section.host or datamanager.path_encode(section.host))
  visit_host(host_folder, section.host, function(_, store, kind, user)
    if store == section.store and kind == section.kind then users[#users + 1] = user end
  end)
  return users
end

local function read_keyval(self, section, user)
  datamanager.set_data_path(self.folder)
  local host = section.host ~= "_global" and section.host or nil
  local data, reason = datamanager.load(user ~= "" and user or nil, host, section.store)
  if reason then error(("%s cannot be read: %s."):format(path_of(self, section, user), reason), 0) end
  local done = false
  return function()
    if done or not data or next(data) == nil then return nil end
    done = true
    return { user = user, data = data }
  end
end

local function parse_item(text, path)
  local item
  local chunk = load(text, "=item", "t", { item = function(value) item = value end })
  if not chunk or not pcall(chunk) then return nil, path .. " is damaged." end
  return item
end

-- Each text from one "item(" at the start of a line to the next: strings hold no newlines, they are escaped.
local function texts_of(file)
  local lines, kept = file:lines("L"), nil
  return function()
    local parts = { kept }
    kept = nil
    for line in lines do
      line = line:gsub("^[%z ]+", "")
      if line:sub(1, 5) == "item(" and parts[1] then
        kept = line
        return table.concat(parts), false
      end
      if line ~= "" and line ~= "\n" then parts[#parts + 1] = line end
    end
    if parts[1] then return table.concat(parts), true end
  end
end

local function item_of(user, item)
  local when = item.when or item.attr and item.attr.stamp and datetime.parse(item.attr.stamp) or 0
  local key, with = item.key, item.with
  item.key, item.when, item.with = nil, nil, nil
  if item.attr then item.attr.stamp, item.attr.stamp_legacy = nil, nil end
  return { user = user, key = key, when = when, with = with, value = item.name and item.attr and xml.from_table(item) or item }
end

local function read_archive(self, section, user)
  local path = path_of(self, section, user)
  local file = io.open(path)
  if not file then return function() end end
  local texts, count = texts_of(file), 0
  return function()
    local text, is_last = texts()
    if not text then return file:close() and nil end
    local item, reason = parse_item(text, path)
    count = count + 1
    if item then
      -- Lists of before archives have no keys.
      item.key = item.key or ("%d"):format(count)
      return item_of(user, item)
    end
    -- The last one of a running server's may not be there whole yet: nobody was told that it is kept.
    if not is_last then error(reason, 0) end
    file:close()
  end
end

local function check(done, reason, path)
  if not done then error(("%s cannot be written: %s."):format(path, reason), 0) end
end

local function close_list(self)
  if not self.file then return end
  check(self.file:close(), "the disk is full", self.path)
  self.file, self.path = nil, nil
end

local function write_keyval(self, section, record)
  local path = path_of(self, section, record.user, true)
  check(datamanager.store_raw(path, "return " .. serialize(record.data) .. ";\n"), "no more space, or no right to", path)
end

local function plain(record)
  if not xml.is_stanza(record.value) then
    error("Internal storage keeps stanzas only, and an archive holds something else.", 0)
  end
  local item = xml.to_table(record.value)
  item.key, item.when, item.with = record.key, record.when, record.with ~= "" and record.with or nil
  item.attr.stamp = datetime.datetime(record.when)
  return item
end

local function write_archive(self, section, record)
  local path = path_of(self, section, record.user, true)
  if self.path ~= path then
    close_list(self)
    local file, reason = io.open(path, "a")
    check(file, reason, path)
    self.file, self.path = file, path
  end
  check(self.file:write("item(" .. serialize(plain(record)) .. ");\n"))
end

by_kind(methods, { keyval = read_keyval, archive = read_archive }, { keyval = write_keyval, archive = write_archive })

methods.flush = close_list

function methods:close() close_list(self) end

local function open(folder)
  return setmetatable({ name = "internal", folder = folder }, { __index = methods })
end

return { open = open, extensions = extensions }
