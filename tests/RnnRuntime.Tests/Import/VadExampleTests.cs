using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests.Import;

[Collection("Current directory")]
public sealed class VadExampleTests
{
    [Fact]
    public void ItPrintsTheProbabilityOfSpeechInEachChunk()
    {
        var folder = SharedModels.Folder("silero");
        using var directory = new TemporaryDirectory();
        File.Copy(Path.Combine(folder, "silero_vad.onnx"), directory["silero_vad.onnx"]);
        File.Copy(Path.Combine(folder, "test.wav"), directory["speech.wav"]);
        var (before, console) = (Environment.CurrentDirectory, Console.Out);
        using var printed = new StringWriter { NewLine = "\n" };
        try
        {
            Environment.CurrentDirectory = Path.GetDirectoryName(directory["speech.wav"])!;
            Console.SetOut(printed);
            VadExample.Run();
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
        }

        var expected = NpyFile.Read(Path.Combine(folder, "onnx_16k_probs.npy")).ToFloat32("");
        var lines = printed.ToString().TrimEnd().Split('\n');
        Assert.Equal(expected.Length, lines.Length);
        for (var chunk = 0; chunk < lines.Length; chunk++)
        {
            var (time, probability) = (lines[chunk].Split(" s: ")[0], float.Parse(lines[chunk].Split(" s: ")[1]));
            Assert.Equal($"{chunk * 512 / 16000.0:0.00}", time);
            Assert.True(Math.Abs(expected[chunk] - probability) <= 0.0051, $"{time} s: found {probability}, expected {expected[chunk]}.");
        }
    }
}
