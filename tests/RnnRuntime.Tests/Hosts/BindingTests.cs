using System.Text.RegularExpressions;

namespace RnnRuntime.Tests.Hosts;

/// <summary>The layers of other languages say what rnn_runtime.h says: the same numbers, the same fields in the same order, the same parameters.</summary>
public sealed partial class BindingTests
{
    // In C, in Rust, in Python's ctypes.
    private static readonly (string C, string Rust, string Python)[] s_types =
    [
        ("uint32_t", "u32", "_U32"), ("int32_t", "i32", "_I32"), ("int64_t", "i64", "_I64"), ("uint64_t", "u64", "_U64"), ("size_t", "usize", "_SIZE"),
        ("const char *", "*const c_char", "_TEXT"), ("const int32_t *", "*const i32", "ctypes.POINTER(_I32)"), ("rnn_status", "Status", "_I32"),
        ("rnn_model", "Handle", "_POINTER"), ("rnn_session", "Handle", "_POINTER"), ("rnn_model *", "*mut Handle", "_POINTER"), ("rnn_session *", "*mut Handle", "_POINTER"),
        ("const float *", "*const f32", "_POINTER"), ("float *", "*mut f32", "_POINTER"), ("int32_t *", "*mut i32", "_POINTER"), ("void *", "*mut c_void", "_POINTER"),
        ("const void *", "*const c_void", "_POINTER"),
        ("const rnn_model_options *", "*const ModelOptions", "_POINTER"), ("const rnn_session_options *", "*const SessionOptions", "_POINTER"),
        ("rnn_kernel_info *", "*mut KernelInfo", "_POINTER"), ("rnn_model_info *", "*mut ModelInfo", "_POINTER"), ("rnn_tensor_info *", "*mut TensorInfo", "_POINTER"),
        ("rnn_session_info *", "*mut SessionInfo", "_POINTER"),
    ];

    private static string Header => Read("native/include/rnn_runtime.h");

    private static string Cpp => Read("native/include/rnn_runtime.hpp");

    private static string Rust => Read("tests/hosts/rust/src/ffi.rs");

    private static string Python => Read("tests/hosts/python/rnn_runtime.py");

    public static TheoryData<string, string> Structs => new()
    {
        { "rnn_kernel_info", "KernelInfo" }, { "rnn_model_options", "ModelOptions" }, { "rnn_model_info", "ModelInfo" }, { "rnn_tensor_info", "TensorInfo" },
        { "rnn_session_options", "SessionOptions" }, { "rnn_session_info", "SessionInfo" },
    };

    [Fact]
    public void StatusesHaveTheirNumbers()
    {
        var block = Regex.Match(Header, @"enum \{\s*RNN_OK = 0.*?\};", RegexOptions.Singleline).Value;
        var statuses = Regex.Matches(block, @"RNN_(\w+) = (\d+)").Select(match => (Name: match.Groups[1].Value, Number: match.Groups[2].Value)).ToArray();
        Assert.NotEmpty(statuses);
        var python = Regex.Match(Python, @"class Status\(enum\.IntEnum\):\n(.*?)\n\n", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(statuses, Regex.Matches(python, @"(\w+) = (\d+)").Select(match => (match.Groups[1].Value, match.Groups[2].Value)));
        Assert.Equal(statuses.Select(status => status.Name), Regex.Matches(Cpp, @"^    (\w+) = RNN_(\w+),?$", RegexOptions.Multiline).Select(match =>
        {
            Assert.Equal(match.Groups[2].Value, match.Groups[1].Value.ToUpperInvariant());
            return match.Groups[2].Value;
        }));
        var rust = Regex.Matches(Read("tests/hosts/rust/src/lib.rs"), @"pub const (\w+): i32 = (\d+);").Select(match => (match.Groups[1].Value, match.Groups[2].Value)).ToArray();
        Assert.NotEmpty(rust);
        Assert.Subset(statuses.ToHashSet(), rust.ToHashSet());
    }

    [Fact]
    public void TheVersionOfTheInterfaceIsThatOfTheHeader()
    {
        var version = Regex.Match(Header, @"#define RNN_ABI_VERSION (\d+)").Groups[1].Value;
        Assert.Contains($"\nABI_VERSION = {version}\n", Python, StringComparison.Ordinal);
        Assert.Contains($"\nconst ABI_VERSION: u32 = {version};\n", Read("tests/hosts/rust/src/lib.rs"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Structs))]
    public void AStructHasItsFields(string name, string layerName)
    {
        var body = Regex.Match(Header, $@"typedef struct {name} \{{(.*?)\}} {name};", RegexOptions.Singleline).Groups[1].Value;
        var fields = Regex.Matches(WithoutComments(body), @"([^;]+?)(\w+);").Select(match => (Type: Words(match.Groups[1].Value), Name: match.Groups[2].Value)).ToArray();
        Assert.Equal(("uint32_t", "struct_size"), fields[0]);
        var rust = Regex.Match(Rust, $@"\b{layerName} \{{(.*?)\}}", RegexOptions.Singleline).Groups[1].Value;
        // `type` is a word of Rust's own.
        Assert.Equal(
            fields.Skip(1).Select(field => $"{(field.Name == "type" ? "kind" : field.Name)}: {TypeOf(field.Type).Rust}"), rust.Split(',').Select(field => Words(field)));
        var python = Regex.Match(Python, $@"_struct\(""_{layerName}"",\s*(.*?)\)$", RegexOptions.Singleline | RegexOptions.Multiline).Groups[1].Value;
        Assert.Equal(fields.Skip(1).Select(field => $"{field.Name}={TypeOf(field.Type).Python}"), python.Split(',').Select(field => Words(field)));
    }

    [Fact]
    public void FunctionsHaveTheirParameters()
    {
        var functions = Function().Matches(WithoutComments(Header)).ToDictionary(
            match => match.Groups["name"].Value,
            match => (Result: Words(match.Groups["result"].Value), Parameters: match.Groups["parameters"].Value == "void"
                ? [] : match.Groups["parameters"].Value.Split(',').Select(parameter => Words(Regex.Match(parameter, @"^(.*?)\w+$", RegexOptions.Singleline).Groups[1].Value)).ToArray()));
        var rust = Regex.Matches(Rust, @"pub fn (rnn_\w+)\((.*?)\) -> ([^;]+);").ToArray();
        Assert.NotEmpty(rust);
        Assert.All(rust, function =>
        {
            var (result, parameters) = functions[function.Groups[1].Value];
            var found = function.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(parameter => parameter.Split(": ")[1]);
            Assert.Equal(parameters.Select(type => TypeOf(type).Rust).Append(TypeOf(result).Rust), found.Append(function.Groups[3].Value));
        });
        var python = Regex.Matches(Python, @"^    ""(rnn_\w+)"": \((.*?)\),$", RegexOptions.Multiline).ToArray();
        Assert.NotEmpty(python);
        Assert.All(python, function =>
        {
            var (result, parameters) = functions[function.Groups[1].Value];
            Assert.Equal("rnn_status", result);
            // ctypes takes every pointer to numbers and structs as an address.
            Assert.Equal(parameters.Select(type => TypeOf(type).Python.Replace("ctypes.POINTER(_I32)", "_POINTER", StringComparison.Ordinal)), function.Groups[2].Value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Words));
        });
        // Those that the C++ layer has no use for: its own error class knows texts, and its header the version.
        Assert.Empty(functions.Keys.Where(name => !Cpp.Contains(name + "(", StringComparison.Ordinal) && !Cpp.Contains($"({name},", StringComparison.Ordinal)).Except(["rnn_version"]));
    }

    private static (string C, string Rust, string Python) TypeOf(string type) => Assert.Single(s_types, candidate => candidate.C == type);

    private static string Read(string path) => File.ReadAllText(RepositoryFiles.Require(path)).ReplaceLineEndings("\n");

    private static string WithoutComments(string text) => Regex.Replace(text, @"/\*.*?\*/", "", RegexOptions.Singleline);

    private static string Words(string text) => Regex.Replace(text, @"\s+", " ").Trim();

    [GeneratedRegex(@"^RNN_API (?<result>[^;(]*?)(?<name>rnn_\w+)\((?<parameters>[^)]*)\);", RegexOptions.Multiline)]
    private static partial Regex Function();
}
