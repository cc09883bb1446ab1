using System.Diagnostics;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx.Proto;

namespace RnnRuntime.Tests.Import.Onnx;

/// <summary>Tensor data beside the model, and ways to leave its folder.</summary>
public sealed class OnnxReaderExternalDataTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public OnnxReaderExternalDataTests()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "sub"));
        Directory.CreateDirectory(_directory["model-secret"]);
        foreach (var file in new[] { _directory["outside.bin"], Path.Combine(_directory["model-secret"], "w.bin"), Path.Combine(Folder, "w.bin"), Path.Combine(Folder, "sub", "w.bin") })
        {
            File.WriteAllBytes(file, [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), .. BitConverter.GetBytes(3f)]);
        }

        File.WriteAllBytes(Path.Combine(Folder, "empty.bin"), []);
    }

    private string Folder => _directory["model"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("w.bin", "4", "8", 2f, 3f)]
    [InlineData("w.bin", "4", null, 2f, 3f)]
    [InlineData("./w.bin", null, "8", 1f, 2f)]
    [InlineData("sub/w.bin", "0", "8", 1f, 2f)]
    [InlineData("sub/./w.bin", "0", "8", 1f, 2f)]
    public void A_part_of_a_file_is_read(string location, string? offset, string? length, float first, float second) =>
        Assert.Equal([first, second], Read(Tensor(location, offset, length)));

    [Theory]
    [InlineData("../outside.bin")]
    [InlineData("sub/../../outside.bin")]
    [InlineData("sub/../w.bin")]
    [InlineData("../model-secret/w.bin")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("/etc/hostname")]
    [InlineData("//server/share/w.bin")]
    [InlineData("..\\outside.bin")]
    [InlineData("C:\\w.bin")]
    [InlineData("C:w.bin")]
    [InlineData("file:///etc/hostname")]
    [InlineData("w.bin\0")]
    [InlineData("sub/")]
    public void A_path_that_could_leave_the_folder_is_refused(string location) =>
        Assert.Contains("a relative path", Refused(Tensor(location, "0", "8")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_full_path_is_refused_even_if_it_is_in_the_folder() =>
        Assert.Contains("a relative path", Refused(Tensor(Path.Combine(Folder, "w.bin"), "0", "8")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("missing.bin", "no such file")]
    [InlineData("sub", "no such file")]
    [InlineData("w.bin/w.bin", "no such file")]
    [InlineData("empty.bin", "an empty file")]
    public void What_is_no_file_is_refused(string location, string text) =>
        Assert.Contains(text, Refused(Tensor(location, "0", "8")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("0", "12", "12 bytes, expected 8")]
    [InlineData("0", null, "12 bytes, expected 8")]
    [InlineData("0", "4", "4 bytes, expected 8")]
    [InlineData("8", "8", "offset 8 and length 8")]
    [InlineData("13", null, "offset 13")]
    [InlineData("9223372036854775807", "8", "offset 9223372036854775807")]
    [InlineData("4", "9223372036854775807", "length 9223372036854775807")]
    [InlineData("-1", "8", "the offset '-1', expected a number")]
    [InlineData("0", "0x8", "the length '0x8', expected a number")]
    [InlineData("99999999999999999999", "8", "expected a number")]
    public void A_part_that_is_not_there_is_refused(string offset, string? length, string text) =>
        Assert.Contains(text, Refused(Tensor("w.bin", offset, length)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_link_may_lead_to_a_file_of_the_folder_but_not_out_of_it()
    {
        Link("inside.bin", "sub/w.bin");
        Link("back.bin", "../model/w.bin");
        Link("full.bin", Path.Combine(Folder, "w.bin"));
        Link("out.bin", "../outside.bin");
        Link("out-full.bin", _directory["outside.bin"]);
        Link("again.bin", "out.bin");
        Link("loop.bin", "loop.bin");
        Directory.CreateSymbolicLink(Path.Combine(Folder, "up"), _directory["."]);
        Directory.CreateSymbolicLink(Path.Combine(Folder, "neighbour"), "../model-secret");

        foreach (var location in new[] { "inside.bin", "back.bin", "full.bin" })
        {
            Assert.Equal([1f, 2f], Read(Tensor(location, "0", "8")));
        }

        foreach (var location in new[] { "out.bin", "out-full.bin", "again.bin", "up/outside.bin", "neighbour/w.bin" })
        {
            Assert.Contains("a link that leads out", Refused(Tensor(location, "0", "8")).Message, StringComparison.Ordinal);
        }

        Assert.Contains("links on its way", Refused(Tensor("loop.bin", "0", "8")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_itself_may_be_a_link()
    {
        Directory.CreateSymbolicLink(_directory["linked"], Folder);
        var model = OnnxFiles.WithTensor(Tensor("w.bin", "0", "8"));
        Assert.Equal([1f, 2f], OnnxFiles.Read(model, _directory["linked"]).Graph.Initializers["w"].Values<float>().ToArray());
    }

    [Fact]
    public void A_pipe_is_refused_at_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no named pipes in folders.");
        using var process = Process.Start("mkfifo", [Path.Combine(Folder, "pipe.bin")]);
        process.WaitForExit();
        Assert.SkipUnless(process.ExitCode == 0, "mkfifo does not work here.");
        Assert.Contains("an empty file", Refused(Tensor("pipe.bin", "0", "8")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_beyond_the_limit_is_refused()
    {
        File.WriteAllBytes(Path.Combine(Folder, "large.bin"), new byte[4096]);
        var model = OnnxFiles.WithTensor(Tensor("large.bin", "0", "8"));
        OnnxFiles.Read(model, Folder, new RnnImportLimits { MaximumFileBytes = 4096 });
        var error = OnnxFiles.Refused(model, Folder, new RnnImportLimits { MaximumFileBytes = 4095 });
        Assert.Contains("4096 bytes, expected at most 4095 (MaximumFileBytes)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_is_both_here_and_there_is_refused()
    {
        var both = Tensor("w.bin", "0", "8");
        both.FloatData.Add([1, 2]);
        Assert.Contains("data_location 1 with float_data", Refused(both).Message, StringComparison.Ordinal);

        var inside = Tensor("w.bin", "0", "8");
        inside.DataLocation = TensorProto.Types.DataLocation.Default;
        Assert.Contains("external_data of a tensor", Refused(inside).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("checksum", "00")]
    [InlineData("location", "sub/w.bin")]
    public void An_entry_that_is_unknown_or_given_twice_is_refused(string key, string value)
    {
        var tensor = Tensor("w.bin", "0", "8");
        tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        Assert.Contains($"the key '{key}'", Refused(tensor).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_folder_or_a_location_external_data_is_refused()
    {
        var error = OnnxFiles.Refused(OnnxFiles.WithTensor(Tensor("w.bin", "0", "8")));
        Assert.Contains("a model that is opened as a file", error.Message, StringComparison.Ordinal);
        Assert.Contains("without a location", Refused(OnnxFiles.External([2])).Message, StringComparison.Ordinal);
    }

    /// <summary>A small file may not become large because many tensors name the same part of it.</summary>
    [Fact]
    public void Bytes_read_again_count_again()
    {
        File.WriteAllBytes(Path.Combine(Folder, "large.bin"), new byte[4096]);
        var model = OnnxFiles.Model();
        for (var i = 0; i < 100; i++)
        {
            var tensor = OnnxFiles.External([1024], ("location", "large.bin"));
            tensor.Name = $"w{i}";
            model.Graph.Initializer.Add(tensor);
        }

        OnnxFiles.Read(model, Folder);
        var error = OnnxFiles.Refused(model, Folder, new RnnImportLimits { MaximumTensorBytes = 200_000 });
        Assert.Contains(nameof(RnnImportLimits.MaximumTensorBytes), error.Message, StringComparison.Ordinal);
    }

    private static TensorProto Tensor(string location, string? offset, string? length)
    {
        var entries = new List<(string, string)> { ("location", location) };
        if (offset is not null)
        {
            entries.Add(("offset", offset));
        }

        if (length is not null)
        {
            entries.Add(("length", length));
        }

        return OnnxFiles.External([2], [.. entries]);
    }

    private float[] Read(TensorProto tensor) =>
        OnnxFiles.Read(OnnxFiles.WithTensor(tensor), Folder).Graph.Initializers["w"].Values<float>().ToArray();

    private RnnImportException Refused(TensorProto tensor) => OnnxFiles.Refused(OnnxFiles.WithTensor(tensor), Folder);

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(Folder, name), target);
}
