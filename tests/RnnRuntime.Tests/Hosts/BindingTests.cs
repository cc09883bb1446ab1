using System.Text.RegularExpressions;
using static RnnRuntime.Tests.Hosts.RuntimeHeader;

namespace RnnRuntime.Tests.Hosts;

/// <summary>
/// The layers of other languages have what rnn_runtime.h has, all of it: the same numbers, the same fields in the same order, the same functions with the same parameters.
/// </summary>
public sealed class BindingTests
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
        ("rnn_session_info *", "*mut SessionInfo", "_POINTER"), ("rnn_native_run *", "*mut NativeRun", "_POINTER"),
        ("function", "Option<RunFunction>", "_RUN"),
    ];

    private static string Cpp => Read("native/include/rnn_runtime.hpp");

    private static string Rust => Read("tests/hosts/rust/src/ffi.rs");

    private static string Python => Read("tests/hosts/python/rnn_runtime.py");

    public static TheoryData<string, string> Structs => new()
    {
        { "rnn_kernel_info", "KernelInfo" }, { "rnn_model_options", "ModelOptions" }, { "rnn_model_info", "ModelInfo" }, { "rnn_tensor_info", "TensorInfo" },
        { "rnn_session_options", "SessionOptions" }, { "rnn_session_info", "SessionInfo" }, { "rnn_native_run", "NativeRun" },
    };

    [Fact]
    public void StatusesHaveTheirNumbers()
    {
        var statuses = RuntimeHeader.Statuses;
        Assert.Equal(Enumerable.Range(0, statuses.Length), statuses.Select(status => status.Number));
        var python = Regex.Match(Python, @"class Status\(enum\.IntEnum\):\n(.*?)\n\n", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(statuses, StatusesOf(python, @"(\w+) = (\d+)"));
        Assert.Equal(statuses, StatusesOf(Read("tests/hosts/rust/src/error.rs"), @"pub const (\w+): i32 = (\d+);"));
        Assert.Equal(statuses.Select(status => status.Name), Regex.Matches(Cpp, @"^    (\w+) = RNN_(\w+),?$", RegexOptions.Multiline).Select(match =>
        {
            Assert.Equal(match.Groups[2].Value, match.Groups[1].Value.ToUpperInvariant());
            return match.Groups[2].Value;
        }));
    }

    /// <summary>Those that managed code gives; the others are C's.</summary>
    [Fact]
    public void StatusesOfManagedCodeAreThoseOfTheHeader()
    {
        var managed = Regex.Match(Read("src/RnnRuntime.Exports/Failure.cs"), @"enum Status\s*\{(.*?)\}", RegexOptions.Singleline).Groups[1].Value;
        var statuses = StatusesOf(managed, @"(\w+) = (\d+)").Select(status => (Regex.Replace(status.Name, "(?<!^)([A-Z])", "_$1").ToUpperInvariant(), status.Number)).ToArray();
        Assert.Contains(("INTERNAL_ERROR", 14), statuses);
        Assert.Subset(RuntimeHeader.Statuses.ToHashSet(), statuses.ToHashSet());
    }

    [Fact]
    public void TheVersionOfTheInterfaceIsThatOfTheHeader()
    {
        var version = Regex.Match(Text, @"#define RNN_ABI_VERSION (\d+)").Groups[1].Value;
        Assert.Contains($"\nABI_VERSION = {version}\n", Python, StringComparison.Ordinal);
        Assert.Contains($"\nconst ABI_VERSION: u32 = {version};\n", Read("tests/hosts/rust/src/lib.rs"), StringComparison.Ordinal);
    }

    [Fact]
    public void NoStructIsLeftOut() => Assert.Equal(RuntimeHeader.Structs, Structs.Select(row => row.Data.Item1), StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Structs))]
    public void AStructHasItsFields(string name, string layerName)
    {
        var body = WithoutComments(Regex.Match(Text, $@"typedef struct {name} \{{(.*?)\}} {name};", RegexOptions.Singleline).Groups[1].Value);
        body = Regex.Replace(body, @"void \(\*(\w+)\)\([^)]*\);", "function $1;");
        var fields = Regex.Matches(body, @"([^;]+?)(\w+);").Select(match => (Type: Words(match.Groups[1].Value), Name: match.Groups[2].Value)).ToArray();
        Assert.Equal(("uint32_t", "struct_size"), fields[0]);
        var rust = Regex.Match(Rust, $@"\b{layerName} \{{(.*?)\}}", RegexOptions.Singleline).Groups[1].Value;
        // `type` is a word of Rust's own.
        Assert.Equal(
            fields.Skip(1).Select(field => $"{(field.Name == "type" ? "kind" : field.Name)}: {TypeOf(field.Type).Rust}"), rust.Split(',').Select(field => Words(field)));
        var python = Regex.Match(Python, $@"_struct\(""_{layerName}"",\s*(.*?)\)$", RegexOptions.Singleline | RegexOptions.Multiline).Groups[1].Value;
        Assert.Equal(fields.Skip(1).Select(field => $"{field.Name}={TypeOf(field.Type).Python}"), python.Split(',').Select(field => Words(field)));
    }

    [Fact]
    public void TheFunctionOfTheNativeRunHasItsParameters()
    {
        var types = TypesOf(Regex.Match(Text, @"void \(\*run\)\(([^)]*)\);").Groups[1].Value);
        Assert.Equal(4, types.Length);
        Assert.Contains($"type RunFunction = unsafe extern \"C\" fn({string.Join(", ", types.Select(type => TypeOf(type).Rust))});", Rust, StringComparison.Ordinal);
        Assert.Contains($"\n_RUN = ctypes.CFUNCTYPE(None, {string.Join(", ", types.Select(type => TypeOf(type).Python))})\n", Python, StringComparison.Ordinal);
    }

    [Fact]
    public void CppUsesEveryFunction() => Assert.Empty(
        Functions.Keys.Where(name => !Cpp.Contains(name + "(", StringComparison.Ordinal) && !Cpp.Contains($"({name},", StringComparison.Ordinal)));

    [Fact]
    public void RustHasEveryFunctionWithItsParameters()
    {
        var expected = Functions.ToDictionary(function => function.Key, function => Signature(function.Value.Parameters.Append(function.Value.Result).Select(type => TypeOf(type).Rust)));
        var found = Regex.Matches(Rust, @"pub fn (rnn_\w+)\((.*?)\) -> ([^;]+);").ToDictionary(
            function => function.Groups[1].Value,
            function => Signature(function.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(parameter => parameter.Split(": ")[1]).Append(function.Groups[3].Value)));
        Assert.Equal(expected, found);
        var layer = string.Concat(new[] { "lib", "session", "error" }.Select(file => Read($"tests/hosts/rust/src/{file}.rs")));
        Assert.Empty(Functions.Keys.Where(name => !Regex.IsMatch(layer, $@"\b{name}\b")));
    }

    [Fact]
    public void PythonHasEveryFunctionWithItsParameters()
    {
        // ctypes takes every pointer to numbers and structs as an address.
        var expected = Functions.ToDictionary(function => function.Key, function => Signature(
            function.Value.Parameters.Append(function.Value.Result).Select(type => TypeOf(type).Python.Replace("ctypes.POINTER(_I32)", "_POINTER", StringComparison.Ordinal))));
        // NAME: (parameters), of those that give a status; NAME: (result, (parameters)), of the others.
        var found = Regex.Matches(Python, @"^    ""(rnn_\w+)"": \((?:(_\w+), \()?(.*?)\)?\),$", RegexOptions.Multiline).ToDictionary(
            function => function.Groups[1].Value,
            function => Signature(function.Groups[3].Value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Words).Append(function.Groups[2].Success ? function.Groups[2].Value : "_I32")));
        Assert.Equal(expected, found);
        Assert.Empty(Functions.Keys.Where(name => !Regex.IsMatch(Python, $@"\.{name}\b")));
    }

    private static string Signature(IEnumerable<string> types) => string.Join("; ", types);

    private static (string C, string Rust, string Python) TypeOf(string type) => Assert.Single(s_types, candidate => candidate.C == type);
}
