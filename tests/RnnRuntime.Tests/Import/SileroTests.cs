using System.Buffers.Binary;
using System.Collections.Immutable;
using RnnRuntime.Import;

namespace RnnRuntime.Tests.Import;

/// <summary>Streaming voice activity detection over a minute of audio.</summary>
public sealed class SileroTests
{
    [Theory]
    [InlineData("silero_vad_openvino_16k.onnx", 16000, false)]
    [InlineData("silero_vad_16k_op15.onnx", 16000, true)]
    [InlineData("silero_vad.onnx", 16000, true)]
    [InlineData("silero_vad.onnx", 8000, true)]
    public void ProbabilitiesAndStatesAreTheGoldenOnes(string file, int sampleRate, bool hasRate)
    {
        var folder = SharedModels.Folder("silero");
        var (chunk, context, name) = sampleRate == 16000 ? (512, 64, "16k") : (256, 32, "8k");
        var options = new RnnImportOptions
        {
            InputShapes = new Dictionary<string, ImmutableArray<int>>
            {
                ["input"] = [1, context + chunk],
                ["state"] = [2, 1, 128],
            }.ToImmutableDictionary(),
        };
        using var model = RnnImporter.Load(Path.Combine(folder, file), hasRate ? options with { Fix = options.Fix.Add("sr", sampleRate) } : options);
        Assert.Equal(["input"], model.Inputs.Select(input => input.Name));
        using var session = model.CreateSession();

        var audio = ReadWav(Path.Combine(folder, "test.wav"), 16000 / sampleRate);
        var golden = TestNpy.Read(Path.Combine(folder, $"onnx_{name}_probs.npy")).Values<float>();
        var goldenStates = TestNpy.Read(Path.Combine(folder, $"onnx_{name}_state_first32.npy")).Values<float>();
        var frame = new float[context + chunk];
        var (probability, state) = (new float[1], new float[256]);
        for (var step = 0; step < golden.Length; step++)
        {
            frame.AsSpan(chunk).CopyTo(frame);
            audio.AsSpan(step * chunk, chunk).CopyTo(frame.AsSpan(context));
            session.Run(frame, probability);
            Assert.True(Math.Abs(golden[step] - probability[0]) <= 1e-4, $"chunk {step}: found {probability[0]}, expected {golden[step]}.");
            if (step < 32)
            {
                session.GetState("state", state);
                for (var i = 0; i < state.Length; i++)
                {
                    Assert.True(Math.Abs(goldenStates[(step * 256) + i] - state[i]) <= 1e-4, $"chunk {step}, state {i}: found {state[i]}, expected {goldenStates[(step * 256) + i]}.");
                }
            }
        }
    }

    /// <summary>The samples of a wave file, -1 to 1, or every so many of them.</summary>
    internal static float[] ReadWav(string path, int every)
    {
        var file = File.ReadAllBytes(path);
        var data = file.AsSpan(file.AsSpan().IndexOf("data"u8) + 8);
        var samples = new float[data.Length / 2 / every];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(data[(i * 2 * every)..]) / 32768f;
        }

        return samples;
    }
}
